#include "openapi_example.h"

#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>

#include "names.h"
#include "openapi_rules.h"
#include "source_error.h"
#include "starling/options/v1/options.pb.h"

namespace starling::codegen {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr int kOptions = 8;          // FieldDescriptorProto.options
constexpr int kFieldOption = 50001;  // FieldOptions of starling.options.v1
constexpr int kExample = 2;

// A message that may hold itself has no example of its own accord.
constexpr int kMaxDepth = 8;

std::optional<Json> Stated(const FieldDescriptor& field) {
  const std::string& text = field.options().GetExtension(starling::options::v1::field).example();
  if (text.empty()) return std::nullopt;
  const bool plain = field.type() == FieldDescriptor::TYPE_STRING && !field.is_repeated();
  Json value = plain ? Json(text) : Json::Raw(text);
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<google::protobuf::Message> message(
      factory.GetPrototype(field.containing_type())->New());
  Json whole;
  whole.Set(field.name(), value);
  const auto status = google::protobuf::util::JsonStringToMessage(whole.Print(), message.get());
  if (!status.ok()) {
    FailAt(field, {kOptions, kFieldOption, kExample},
           "the example of '" + field.name() + "' does not fit the field: " + status.ToString() + ".");
  }
  return value;
}

// What an answer holds for a field that was not set.
Json Zero(const FieldDescriptor& field) {
  if (field.is_map()) return {};
  if (field.is_repeated()) return Json::Array();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return "";
    case FieldDescriptor::CPPTYPE_BOOL:
      return Json::Bool(false);
    case FieldDescriptor::CPPTYPE_ENUM:
      return field.enum_type()->value(0)->name();
    default:
      return Json::Number(0);
  }
}

std::optional<Json> OfField(const FieldDescriptor& field, bool is_request, int depth);

std::optional<Json> OfMessage(const Descriptor& message, bool is_request,
                              const std::set<std::string>& without, int depth) {
  if (IsWellKnown(message) || depth > kMaxDepth) return std::nullopt;
  Json object, unset;
  std::set<const google::protobuf::OneofDescriptor*> chosen;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    if (without.contains(field.name())) continue;
    const auto* oneof = field.real_containing_oneof();
    if (oneof != nullptr && chosen.contains(oneof)) continue;
    auto value = OfField(field, is_request, depth + 1);
    if (value.has_value()) {
      object.Set(field.name(), *std::move(value));
      if (oneof != nullptr) chosen.insert(oneof);
    } else if (MustBeSet(field)) {
      return std::nullopt;
    } else if (!is_request && !field.has_presence()) {
      unset.Set(field.name(), Zero(field));
    }
  }
  for (int i = 0; i < message.real_oneof_decl_count(); ++i) {
    if (IsRequired(*message.oneof_decl(i)) && !chosen.contains(message.oneof_decl(i))) return std::nullopt;
  }
  if (object.empty()) return std::nullopt;
  for (auto& [name, value] : unset.members()) object.Set(name, value);
  return object;
}

std::optional<Json> OfField(const FieldDescriptor& field, bool is_request, int depth) {
  if (auto stated = Stated(field)) return stated;
  if (field.message_type() == nullptr || field.is_map()) return std::nullopt;
  auto value = OfMessage(*field.message_type(), is_request, {}, depth);
  if (value.has_value() && field.is_repeated()) return Json::Array({*std::move(value)});
  return value;
}

}  // namespace

std::optional<Json> ExampleOf(const FieldDescriptor& field) { return Stated(field); }

std::optional<Json> ExampleOf(const Descriptor& message, bool is_request,
                              const std::set<std::string>& without) {
  return OfMessage(message, is_request, without, 0);
}

}  // namespace starling::codegen

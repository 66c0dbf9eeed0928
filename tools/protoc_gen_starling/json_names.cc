#include "json_names.h"

#include <set>

#include "buf/validate/validate.pb.h"
#include "names.h"
#include "starling/options/v1/options.pb.h"

namespace starling::codegen {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

bool Reaches(const Descriptor& message, std::set<const Descriptor*>* seen) {
  if (!seen->insert(&message).second) return false;
  for (int i = 0; i < message.real_oneof_decl_count(); ++i) {
    if (message.oneof_decl(i)->options().HasExtension(buf::validate::oneof)) return true;
  }
  for (int i = 0; i < message.field_count(); ++i) {
    if (message.field(i)->options().HasExtension(buf::validate::field)) return true;
    const Descriptor* type = message.field(i)->message_type();
    if (type != nullptr && !IsWellKnown(*type) && Reaches(*type, seen)) return true;
  }
  return false;
}

std::string Internal(const Descriptor& message) {
  return "::" + Namespace(*message.file()) + "::starling_internal::";
}

}  // namespace

std::string InfoName(const Descriptor& message) {
  if (IsWellKnown(message)) return "::starling::rpc::json::k" + message.name() + "Message";
  return Internal(message) + "k" + ClassName(message) + "Message";
}

std::string CheckName(const Descriptor& message) { return Internal(message) + "Check" + ClassName(message); }

std::string EnumTableName(const EnumDescriptor& enumeration) {
  std::string name = "k";
  for (const char c : QualifiedName(enumeration)) name += c == ':' ? '_' : c;
  return name + "Values";
}

std::string EnumTable(const EnumDescriptor& enumeration) {
  std::string table = "constexpr json::EnumValue " + EnumTableName(enumeration) + "[] = {";
  for (int i = 0; i < enumeration.value_count(); ++i) {
    const auto& value = *enumeration.value(i);
    table += "\n    {\"" + value.name() + "\", " + std::to_string(value.number()) + "},";
  }
  return table + "\n};\n";
}

bool HasRules(const Descriptor& message) {
  std::set<const Descriptor*> seen;
  return !IsWellKnown(message) && Reaches(message, &seen);
}

std::string ViolationLiteral(const FieldDescriptor& field) {
  const auto& options = field.options().GetExtension(starling::options::v1::field);
  return options.violation().empty() ? "nullptr" : Literal(options.violation());
}

bool IsNullValue(const FieldDescriptor& field) {
  return field.enum_type() != nullptr && field.enum_type()->full_name() == "google.protobuf.NullValue";
}

std::string PutStatement(const FieldDescriptor& field, const std::string& value) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_BYTES:
      return "json::PutBytes(" + value + ", out);";
    case FieldDescriptor::TYPE_ENUM:
      if (IsNullValue(field)) return "out->append(\"null\");";
      return "json::PutEnum(" + EnumTableName(*field.enum_type()) + ", " + value + ", out);";
    case FieldDescriptor::TYPE_MESSAGE:
      if (!IsWellKnown(*field.message_type())) {
        return InfoName(*field.message_type()) + ".write(" + value + ", out);";
      }
      return "json::Put(" + value + ", out);";
    default:
      return "json::Put(" + value + ", out);";
  }
}

std::string PutFieldStatement(const FieldDescriptor& field) {
  const std::string value = "m." + AccessorName(field) + "()";
  if (!field.is_repeated()) return PutStatement(field, value);
  const FieldDescriptor& item = field.is_map() ? *field.message_type()->map_value() : field;
  const std::string unused = IsNullValue(item) ? "[[maybe_unused]] " : "";
  return std::string("json::Put") + (field.is_map() ? "Map" : "List") + "(" + value + ", out, [out](" +
         unused + "const auto& item) { " + PutStatement(item, "item") + " });";
}

}  // namespace starling::codegen

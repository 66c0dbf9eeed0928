#include "openapi_schema.h"

#include <google/protobuf/descriptor.pb.h>

#include "names.h"
#include "openapi_example.h"
#include "openapi_rules.h"
#include "openapi_text.h"

namespace starling::codegen {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::OneofDescriptor;

constexpr std::string_view kComponents = "#/components/schemas/";

Json Typed(const char* type) { return std::move(Json().Set("type", type)); }
Json Typed(const char* type, const char* format) { return std::move(Typed(type).Set("format", format)); }

Json ScalarSchema(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_DOUBLE:
      return Typed("number", "double");
    case FieldDescriptor::TYPE_FLOAT:
      return Typed("number", "float");
    case FieldDescriptor::TYPE_BOOL:
      return Typed("boolean");
    case FieldDescriptor::TYPE_STRING:
      return Typed("string");
    case FieldDescriptor::TYPE_BYTES:
      return std::move(Typed("string").Set("contentEncoding", "base64"));
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_FIXED64:
      return std::move(Typed("integer", "uint64").Set("minimum", Json::Number(0)));
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_FIXED32:
      return std::move(Typed("integer", "uint32").Set("minimum", Json::Number(0)));
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_SINT64:
    case FieldDescriptor::TYPE_SFIXED64:
      return Typed("integer", "int64");
    default:
      return Typed("integer", "int32");
  }
}

// What a key of a map looks like as the name of a member.
void AddKeyNames(const FieldDescriptor& key, Json* schema) {
  if (key.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    schema->Set("propertyNames", std::move(Json().Set("enum", Json::Array({"true", "false"}))));
  } else if (key.cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    schema->Set("propertyNames", std::move(Json().Set("pattern", "^-?[0-9]+$")));
  }
}

// At most one of the members, or exactly one.
Json OneofSchema(const OneofDescriptor& oneof) {
  Json branches = Json::Array();
  Json none = Json::Array();
  for (int i = 0; i < oneof.field_count(); ++i) {
    Json one;
    one.Set("required", Json::Array({oneof.field(i)->name()}));
    none.Add(one);
    branches.Add(std::move(one));
  }
  if (!IsRequired(oneof)) {
    Json without;
    without.Set("not", std::move(Json().Set("anyOf", std::move(none))));
    branches.Add(std::move(without));
  }
  return std::move(Json().Set("oneOf", std::move(branches)));
}

void AddReachable(const Descriptor& message, std::set<const Descriptor*>* seen) {
  if (IsWellKnown(message) || !seen->insert(&message).second) return;
  for (int i = 0; i < message.field_count(); ++i) {
    if (const Descriptor* inner = message.field(i)->message_type()) AddReachable(*inner, seen);
  }
}

}  // namespace

void Schemas::AddRequest(const Descriptor& message) { AddReachable(message, &requests_); }

Json Schemas::OfMessage(const Descriptor& message) {
  if (IsWellKnown(message)) return WellKnownSchema(message);
  if (components_.try_emplace(message.full_name()).second) pending_.push_back(&message);
  return std::move(Json().Set("$ref", std::string(kComponents) + message.full_name()));
}

Json Schemas::OfEnum(const EnumDescriptor& enumeration) {
  if (enumeration.full_name() == "google.protobuf.NullValue") return Typed("null");
  const auto [entry, fresh] = components_.try_emplace(enumeration.full_name());
  if (fresh) {
    Json names = Json::Array();
    std::string values;
    for (int i = 0; i < enumeration.value_count(); ++i) {
      const auto& value = *enumeration.value(i);
      names.Add(value.name());
      if (const std::string comment = Summary(CommentOf(value)); !comment.empty()) {
        values += (values.empty() ? "- `" : "\n- `") + value.name() + "`: " + comment + ".";
      }
    }
    Json& schema = entry->second;
    schema.Set("title", ShortName(enumeration)).Set("type", "string");
    AddDescription(CommentOf(enumeration), &schema);
    AddDescription(values, &schema);
    schema.Set("enum", std::move(names));
    if (enumeration.options().deprecated()) schema.Set("deprecated", Json::Bool(true));
  }
  return std::move(Json().Set("$ref", std::string(kComponents) + enumeration.full_name()));
}

Json Schemas::OfValue(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) return OfMessage(*field.message_type());
  if (field.enum_type() != nullptr) return OfEnum(*field.enum_type());
  return ScalarSchema(field);
}

Json Schemas::OfField(const FieldDescriptor& field) {
  Json schema;
  if (field.is_map()) {
    schema = Typed("object");
    AddKeyNames(*field.message_type()->map_key(), &schema);
    schema.Set("additionalProperties", OfValue(*field.message_type()->map_value()));
  } else if (field.is_repeated()) {
    schema = std::move(Typed("array").Set("items", OfValue(field)));
  } else {
    schema = OfValue(field);
  }
  // What the type says of itself gives way to what this field says.
  if (const std::string comment = CommentOf(field); !comment.empty()) schema.Set("description", comment);
  AddRules(field, &schema);
  if (auto example = ExampleOf(field)) schema.Set("examples", Json::Array({*std::move(example)}));
  if (field.options().deprecated()) schema.Set("deprecated", Json::Bool(true));
  return schema;
}

bool Schemas::AlwaysThere(const FieldDescriptor& field) const {
  if (requests_.contains(field.containing_type())) return MustBeSet(field);
  return !field.has_presence() || MustBeSet(field);
}

Json Schemas::Object(const Descriptor& message, const std::set<std::string>& without) {
  Json schema, properties, required = Json::Array(), oneofs = Json::Array();
  schema.Set("title", ShortName(message)).Set("type", "object");
  AddDescription(CommentOf(message), &schema);
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    if (without.contains(field.name())) continue;
    properties.Set(field.name(), OfField(field));
    if (AlwaysThere(field)) required.Add(field.name());
  }
  for (int i = 0; i < message.real_oneof_decl_count(); ++i) oneofs.Add(OneofSchema(*message.oneof_decl(i)));
  if (!properties.empty()) schema.Set("properties", std::move(properties));
  if (!required.empty()) schema.Set("required", std::move(required));
  if (!oneofs.empty()) schema.Set("allOf", std::move(oneofs));
  if (message.options().deprecated()) schema.Set("deprecated", Json::Bool(true));
  return schema;
}

Json Schemas::OfMessageWithout(const Descriptor& message, const std::set<std::string>& fields) {
  if (fields.empty() || IsWellKnown(message)) return OfMessage(message);
  return Object(message, fields);
}

Json Schemas::Components() {
  while (!pending_.empty()) {
    const Descriptor& message = *pending_.back();
    pending_.pop_back();
    Json schema = Object(message, {});
    components_[message.full_name()] = std::move(schema);
  }
  Json all;
  for (const auto& [name, schema] : components_) all.Set(name, schema);
  return all;
}

}  // namespace starling::codegen

#include <functional>
#include <map>
#include <string>

#include "openapi_schema.h"

namespace starling::codegen {
namespace {

Json Typed(const char* type) { return std::move(Json().Set("type", type)); }

Json Nullable(const char* type, const char* format = nullptr) {
  Json schema;
  schema.Set("type", Json::Array({type, "null"}));
  if (format != nullptr) schema.Set("format", format);
  return schema;
}

Json NullableUnsigned(const char* format) {
  return std::move(Nullable("integer", format).Set("minimum", Json::Number(0)));
}

Json AnySchema() {
  Json properties;
  properties.Set("@type", Typed("string"));
  return std::move(Typed("object")
                       .Set("properties", std::move(properties))
                       .Set("required", Json::Array({"@type"}))
                       .Set("additionalProperties", Json::Bool(true)));
}

Json DurationSchema() {
  return std::move(Typed("string")
                       .Set("description", "Seconds, for example `1.5s`.")
                       .Set("pattern", R"(^-?[0-9]+(\.[0-9]{1,9})?s$)")
                       .Set("examples", Json::Array({"1.5s"})));
}

}  // namespace

bool IsWrapper(const google::protobuf::Descriptor& message) {
  return message.file()->name() == "google/protobuf/wrappers.proto";
}

Json WellKnownSchema(const google::protobuf::Descriptor& message) {
  static const std::map<std::string, std::function<Json()>> schemas = {
      {"Any", AnySchema},
      {"BoolValue", [] { return Nullable("boolean"); }},
      {"BytesValue", [] { return std::move(Nullable("string").Set("contentEncoding", "base64")); }},
      {"DoubleValue", [] { return Nullable("number", "double"); }},
      {"Duration", DurationSchema},
      {"Empty", [] { return Typed("object"); }},
      {"FieldMask",
       [] {
         return std::move(Typed("string").Set(
             "description", "Names of fields in lowerCamelCase, with commas between them."));
       }},
      {"FloatValue", [] { return Nullable("number", "float"); }},
      {"Int32Value", [] { return Nullable("integer", "int32"); }},
      {"Int64Value", [] { return Nullable("integer", "int64"); }},
      {"ListValue", [] { return std::move(Typed("array").Set("items", Json())); }},
      {"StringValue", [] { return Nullable("string"); }},
      {"Struct", [] { return std::move(Typed("object").Set("additionalProperties", Json::Bool(true))); }},
      {"Timestamp", [] { return std::move(Typed("string").Set("format", "date-time")); }},
      {"UInt32Value", [] { return NullableUnsigned("uint32"); }},
      {"UInt64Value", [] { return NullableUnsigned("uint64"); }},
      {"Value", [] { return std::move(Json().Set("description", "Any JSON value.")); }},
  };
  const auto found = schemas.find(message.name());
  return found != schemas.end() ? found->second() : Json();
}

}  // namespace starling::codegen

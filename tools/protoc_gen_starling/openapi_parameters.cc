#include "openapi_parameters.h"

#include <google/protobuf/descriptor.pb.h>

#include "names.h"
#include "openapi_example.h"
#include "openapi_rules.h"
#include "openapi_text.h"

namespace starling::codegen {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

// The field that a variable of a path stands for. It is there: http.cc has looked at every route before.
const FieldDescriptor& FindField(const Descriptor& message, const std::string& path) {
  const size_t dot = path.find('.');
  const FieldDescriptor& field = *message.FindFieldByName(path.substr(0, dot));
  return dot == std::string::npos ? field : FindField(*field.message_type(), path.substr(dot + 1));
}

// What a parameter says is beside its schema, which keeps the type and the rules.
Json Parameter(const std::string& name, const char* in, bool required, const FieldDescriptor& field,
               Schemas& schemas) {
  Json parameter;
  parameter.Set("name", name).Set("in", in);
  AddDescription(CommentOf(field), &parameter);
  if (required) parameter.Set("required", Json::Bool(true));
  if (field.options().deprecated()) parameter.Set("deprecated", Json::Bool(true));
  Json schema = schemas.OfValue(field);
  if (field.is_repeated()) {
    Json items = std::move(schema);
    schema = std::move(Json().Set("type", "array").Set("items", std::move(items)));
  }
  AddRules(field, &schema);
  if (Json* type = schema.Find("type");
      type != nullptr && field.message_type() != nullptr && IsWrapper(*field.message_type())) {
    // A query has no null: a wrapper that is not there is not sent.
    const Json plain = type->members().front().second;
    *type = plain;
  }
  parameter.Set("schema", std::move(schema));
  if (auto example = ExampleOf(field)) parameter.Set("example", *std::move(example));
  return parameter;
}

// Of the messages that come with protobuf, those whose JSON is one plain value.
bool IsPlain(const Descriptor& message) {
  static const std::set<std::string> plain = {"Timestamp", "Duration", "FieldMask"};
  return IsWellKnown(message) && (IsWrapper(message) || plain.contains(message.name()));
}

struct Query {
  Schemas& schemas;
  const std::set<std::string>& taken;  // by the path and the body
  std::set<const Descriptor*> inside;  // a message inside itself has no end
  Json* parameters;

  void Add(const Descriptor& message, const std::string& prefix, bool certain) {
    if (!inside.insert(&message).second) return;
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      const std::string name = prefix + field.name();
      if (taken.contains(name) || field.is_map()) continue;
      const Descriptor* inner = field.message_type();
      if (inner == nullptr || IsPlain(*inner)) {
        if (field.enum_type() != nullptr && field.enum_type()->full_name() == "google.protobuf.NullValue")
          continue;
        parameters->Add(Parameter(name, "query", certain && MustBeSet(field), field, schemas));
      } else if (!field.is_repeated() && !IsWellKnown(*inner)) {
        Add(*inner, name + ".", certain && MustBeSet(field));
      }
    }
    inside.erase(&message);
  }
};

}  // namespace

PathTemplate ReadPath(const std::string& path) {
  PathTemplate result;
  for (size_t at = 0; at < path.size();) {
    const size_t end = path[at] == '{' ? path.find('}', at) : std::string::npos;
    if (end == std::string::npos) {
      result.openapi += path[at++];
      continue;
    }
    const std::string inside = path.substr(at + 1, end - at - 1);
    const std::string name = inside.substr(0, inside.find('='));
    if (inside.ends_with("=**")) result.rest.insert(name);
    result.variables.push_back(name);
    result.openapi += "{" + name + "}";
    at = end + 1;
  }
  return result;
}

Json Parameters(const MethodDescriptor& method, const HttpBinding& binding, const PathTemplate& path,
                Schemas& schemas) {
  Json parameters = Json::Array();
  std::set<std::string> taken(path.variables.begin(), path.variables.end());
  for (const std::string& variable : path.variables) {
    Json parameter = Parameter(variable, "path", true, FindField(*method.input_type(), variable), schemas);
    if (path.rest.contains(variable)) AddDescription("May hold slashes.", &parameter);
    parameters.Add(std::move(parameter));
  }
  if (binding.body == "*") return parameters;
  if (!binding.body.empty()) taken.insert(binding.body);
  Query query{schemas, taken, {}, &parameters};
  query.Add(*method.input_type(), "", true);
  return parameters;
}

}  // namespace starling::codegen

#include "http.h"

#include <string>
#include <vector>

#include "json_names.h"
#include "methods.h"
#include "names.h"
#include "source_error.h"

namespace starling::codegen {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::io::Printer;

[[noreturn]] void Fail(const MethodDescriptor& method, const std::string& what) {
  constexpr int kOptions = 4;            // MethodDescriptorProto.options
  constexpr int kHttpOption = 72295728;  // google.api.http
  FailAt(method, {kOptions, kHttpOption}, what);
}

// The paths of fields in a template: "/v1/find/{place.city}/{name=**}".
std::vector<std::string> Variables(const MethodDescriptor& method, const std::string& path) {
  std::vector<std::string> variables;
  size_t at = 0;
  while ((at = path.find('{', at)) != std::string::npos) {
    const size_t end = path.find('}', at);
    if (end == std::string::npos) Fail(method, "the path " + path + " has a { without its }.");
    std::string name = path.substr(at + 1, end - at - 1);
    const size_t pattern = name.find('=');
    if (pattern != std::string::npos) {
      const std::string shape = name.substr(pattern + 1);
      if (shape != "*" && shape != "**") {
        Fail(method, "the variable {" + name + "} must be {name}, {name=*} or {name=**}.");
      }
      name.resize(pattern);
    }
    variables.push_back(name);
    at = end;
  }
  return variables;
}

void CheckVariable(const MethodDescriptor& method, const std::string& variable) {
  const Descriptor* message = method.input_type();
  size_t at = 0;
  while (true) {
    const size_t dot = variable.find('.', at);
    const FieldDescriptor* field = message->FindFieldByName(variable.substr(at, dot - at));
    if (field == nullptr) Fail(method, "the path's variable {" + variable + "} is no field of the request.");
    if (field->is_repeated()) Fail(method, "the path's variable {" + variable + "} is a list or a map.");
    const Descriptor* type = field->message_type();
    if (dot == std::string::npos) {
      if (type != nullptr && !IsWellKnown(*type))
        Fail(method, "the path's variable {" + variable + "} is a message.");
      return;
    }
    if (type == nullptr || IsWellKnown(*type)) {
      Fail(method, "the path's variable {" + variable + "} goes into a field that is no message.");
    }
    message = type;
    at = dot + 1;
  }
}

const FieldDescriptor* BodyField(const MethodDescriptor& method, const Descriptor& message,
                                 const std::string& name) {
  if (name.empty() || name == "*") return nullptr;
  const FieldDescriptor* field = message.FindFieldByName(name);
  if (field == nullptr) Fail(method, "there is no field " + name + " in " + message.full_name() + ".");
  return field;
}

// The function that writes the answer: the response's own, or one for the field of it that `response_body` names.
std::string Encoder(const MethodDescriptor& method, const HttpBinding& binding) {
  const Descriptor& response = *method.output_type();
  const FieldDescriptor* field = BodyField(method, response, binding.response_body);
  if (field == nullptr) return "&json::ToJson<" + InfoName(response) + ">";
  std::string put = PutFieldStatement(*field);
  const FieldDescriptor& item = field->is_map() ? *field->message_type()->map_value() : *field;
  if (item.enum_type() != nullptr && !IsNullValue(item)) put = "static " + EnumTable(*item.enum_type()) + put;
  if (!field->is_repeated() && field->has_presence()) {
    put = "if (m.has_" + AccessorName(*field) + "()) { " + put + " } else { out->append(\"null\"); }";
  }
  return "[](const google::protobuf::MessageLite& message, std::string* out) {\n     const auto& m = "
         "static_cast<const " +
         QualifiedName(response) + "&>(message);\n     " + put + "\n   }";
}

}  // namespace

void PrintHttpRules(const google::protobuf::ServiceDescriptor& service, Printer& out) {
  for (int i = 0; i < service.method_count(); ++i) {
    const MethodDescriptor& method = *service.method(i);
    const auto bindings = HttpBindings(method);
    if (bindings.empty()) continue;
    if (method.client_streaming()) Fail(method, "a method whose requests are a stream has no HTTP route.");
    const std::string table = "k" + service.name() + method.name();
    std::string rules;
    for (size_t j = 0; j < bindings.size(); ++j) {
      const HttpBinding& binding = bindings[j];
      BodyField(method, *method.input_type(), binding.body);
      std::string variables;
      for (const auto& variable : Variables(method, binding.path)) {
        CheckVariable(method, variable);
        variables += Literal(variable) + ", ";
      }
      const std::string list = table + "Variables" + std::to_string(j);
      if (!variables.empty()) {
        out.Print("constexpr std::string_view $list$[] = {$variables$};\n", "list", list, "variables",
                  variables);
      }
      rules += "  {" + Literal(binding.verb) + ", " + Literal(binding.path) + ", " +
               (binding.body.empty() ? "false" : "true") +
               ",\n   [](const ::starling::rpc::HttpParameters& parameters, std::string_view body, const "
               "::starling::rpc::JsonLimits& limits,\n"
               "      google::protobuf::MessageLite* request) {\n     return json::DecodeHttp({" +
               InfoName(*method.input_type()) + ", " + (variables.empty() ? "{}" : list) + ", " +
               Literal(binding.body) + "}, parameters, body, limits, request);\n   },\n   " +
               Encoder(method, binding) + "},\n";
    }
    out.Print("const HttpRule $table$Http[] = {\n$rules$};\n", "table", table, "rules", rules);
  }
}

}  // namespace starling::codegen

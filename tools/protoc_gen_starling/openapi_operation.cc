#include "openapi_operation.h"

#include <google/protobuf/descriptor.pb.h>

#include <optional>
#include <set>
#include <string>

#include "openapi_example.h"
#include "openapi_responses.h"
#include "openapi_text.h"
#include "starling/options/v1/options.pb.h"

namespace starling::codegen {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

// Names of the program's security schemes; see app/openapi/openapi_base.h.
Json Security(const MethodDescriptor& method) {
  const auto& options = method.options().GetExtension(starling::options::v1::method);
  Json alternatives = Json::Array();
  const auto add = [&](const char* scheme, bool scoped) {
    Json roles = Json::Array();
    if (scoped) roles.Add(options.scope());
    alternatives.Add(std::move(Json().Set(scheme, std::move(roles))));
  };
  switch (options.access()) {
    case starling::options::v1::ACCESS_PUBLIC:
      break;
    case starling::options::v1::ACCESS_AUTHENTICATED:
      add("BearerKey", false);
      add("ApiKey", false);
      add("Certificate", false);
      break;
    case starling::options::v1::ACCESS_SCOPE:
      add("BearerKey", true);
      add("ApiKey", true);
      break;
    default:
      add("Certificate", false);
  }
  return alternatives;
}

Json RequestBody(const MethodDescriptor& method, const HttpBinding& binding, const PathTemplate& path,
                 Schemas& schemas) {
  Json media;
  std::optional<Json> example;
  if (binding.body == "*") {
    const std::set<std::string> in_path(path.variables.begin(), path.variables.end());
    media.Set("schema", schemas.OfMessageWithout(*method.input_type(), in_path));
    example = ExampleOf(*method.input_type(), true, in_path);
  } else {
    const FieldDescriptor* field = method.input_type()->FindFieldByName(binding.body);
    media.Set("schema", schemas.OfField(*field));
    example = ExampleOf(*field);
    if (!example.has_value() && field->message_type() != nullptr && !field->is_repeated())
      example = ExampleOf(*field->message_type(), true);
  }
  if (example.has_value()) media.Set("example", *std::move(example));
  return std::move(Json()
                       .Set("required", Json::Bool(true))
                       .Set("content", std::move(Json().Set("application/json", std::move(media)))));
}

std::string OperationId(const MethodDescriptor& method, int number) {
  const std::string id = method.service()->name() + "_" + method.name();
  return number == 0 ? id : id + "_" + std::to_string(number + 1);
}

}  // namespace

std::string TagOf(const google::protobuf::ServiceDescriptor& service) {
  constexpr std::string_view kSuffix = "Service";
  const std::string& name = service.name();
  return name.size() > kSuffix.size() && name.ends_with(kSuffix)
             ? name.substr(0, name.size() - kSuffix.size())
             : name;
}

Json Operation(const MethodDescriptor& method, const HttpBinding& binding, int number,
               const PathTemplate& path, Schemas& schemas) {
  const std::string comment = CommentOf(method);
  Json operation;
  operation.Set("tags", Json::Array({TagOf(*method.service())}));
  operation.Set("summary", comment.empty() ? Words(method.name()) : Summary(comment));
  if (comment != Summary(comment) + ".") AddDescription(comment, &operation);
  operation.Set("operationId", OperationId(method, number));
  if (method.options().deprecated() || method.service()->options().deprecated())
    operation.Set("deprecated", Json::Bool(true));
  Json parameters = Parameters(method, binding, path, schemas);
  if (!parameters.empty()) operation.Set("parameters", std::move(parameters));
  if (!binding.body.empty()) operation.Set("requestBody", RequestBody(method, binding, path, schemas));
  operation.Set("responses", Responses(method, binding, path, schemas));
  operation.Set("security", Security(method));
  return operation;
}

}  // namespace starling::codegen

#include "openapi_responses.h"

#include <string>

#include "openapi_example.h"
#include "openapi_text.h"
#include "starling/options/v1/options.pb.h"

namespace starling::codegen {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

Json Reference(const std::string& component) {
  return std::move(Json().Set("$ref", "#/components/" + component));
}

// The example of a stream is how its first event looks on the wire.
Json Answer(const MethodDescriptor& method, const HttpBinding& binding, Schemas& schemas) {
  const Descriptor& message = *method.output_type();
  Json media;
  std::optional<Json> example;
  std::string description = CommentOf(message);
  if (binding.response_body.empty()) {
    media.Set("schema", schemas.OfMessage(message));
    example = ExampleOf(message, false);
  } else {
    const FieldDescriptor* field = message.FindFieldByName(binding.response_body);
    media.Set("schema", schemas.OfField(*field));
    example = ExampleOf(*field);
    description = CommentOf(*field);
  }
  if (description.empty()) description = "The answer.";
  const char* type = "application/json";
  if (method.server_streaming()) {
    type = "text/event-stream";
    description +=
        "\n\nServer-sent events: the `data` of each is one JSON document of this schema. If the stream ends "
        "badly, its last "
        "event is `error`, with the error's body as `data`.";
    if (example.has_value()) media.Set("example", "data: " + example->Print() + "\n\n");
  } else if (example.has_value()) {
    media.Set("example", *std::move(example));
  }
  return std::move(Json()
                       .Set("description", description)
                       .Set("headers", std::move(Json().Set("x-request-id", Reference("headers/RequestId"))))
                       .Set("content", std::move(Json().Set(type, std::move(media)))));
}

// With the sentence that the contract itself has for it.
Json BadRequest(const MethodDescriptor& method) {
  const Descriptor& message = *method.input_type();
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& options = message.field(i)->options().GetExtension(starling::options::v1::field);
    if (options.violation().empty()) continue;
    Json example, media;
    example.Set("error", "Invalid input format").Set("details", options.violation());
    media.Set("schema", Reference("schemas/Error")).Set("example", std::move(example));
    return std::move(
        Json()
            .Set("description", "The request is not what it must be; `details` names the field and the rule.")
            .Set("headers", std::move(Json().Set("x-request-id", Reference("headers/RequestId"))))
            .Set("content", std::move(Json().Set("application/json", std::move(media)))));
  }
  return Reference("responses/BadRequest");
}

}  // namespace

Json Responses(const MethodDescriptor& method, const HttpBinding& binding, const PathTemplate& path,
               Schemas& schemas) {
  const auto access = method.options().GetExtension(starling::options::v1::method).access();
  const bool asks_who =
      access == starling::options::v1::ACCESS_AUTHENTICATED || access == starling::options::v1::ACCESS_SCOPE;
  Json responses;
  responses.Set("200", Answer(method, binding, schemas));
  responses.Set("400", BadRequest(method));
  if (asks_who) responses.Set("401", Reference("responses/Unauthenticated"));
  if (access != starling::options::v1::ACCESS_PUBLIC && access != starling::options::v1::ACCESS_AUTHENTICATED)
    responses.Set("403", Reference("responses/PermissionDenied"));
  if (!path.variables.empty()) responses.Set("404", Reference("responses/NotFound"));
  if (!binding.body.empty()) {
    responses.Set("413", Reference("responses/TooLarge"));
    responses.Set("415", Reference("responses/UnsupportedMediaType"));
  }
  responses.Set("429", Reference("responses/TooManyRequests"));
  responses.Set("500", Reference("responses/InternalError"));
  responses.Set("503", Reference("responses/Unavailable"));
  responses.Set("504", Reference("responses/DeadlineExceeded"));
  responses.Set("default", Reference("responses/Error"));
  return responses;
}

}  // namespace starling::codegen

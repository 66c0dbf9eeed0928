#include "app/openapi/openapi_base.h"

#include "app/version.h"
#include "base/strings.h"

namespace starling::app {
namespace {

constexpr std::string_view kPublicInfo = R"(
  "title": "Starling",
  "description": "The HTTP side of the services that run here; each of them speaks gRPC too, with the same messages.\n\nUnknown fields of a request are ignored, names in lowerCamelCase are taken as well, and answers hold every field. Errors have one form: `error` says what kind, `details` what to do. A request may carry `x-request-id`, which comes back and stands in the log, `x-request-timeout-ms`, after which it is given up, and W3C `traceparent`.")";

constexpr std::string_view kAdminInfo = R"(
  "title": "Starling, operator's side",
  "description": "State and log of one running program. This listener is for its operator and stays on loopback.")";

constexpr std::string_view kHealthTag =
    R"({"name": "Health", "description": "Whether the program lives, and whether its services are ready."})";

constexpr std::string_view kHealthPages = R"(
  "/livez": {"get": {
    "tags": ["Health"], "summary": "Whether the program lives", "operationId": "livez", "security": [],
    "responses": {"200": {"description": "It does.", "content": {"application/json": {
      "schema": {"type": "object", "properties": {"live": {"type": "boolean"}}, "required": ["live"]}, "example": {"live": true}}}}}}},
  "/readyz": {"get": {
    "tags": ["Health"], "summary": "Whether every service is ready, and why not", "operationId": "readyz", "security": [],
    "responses": {
      "200": {"description": "All are ready.", "content": {"application/json": {
        "schema": {"$ref": "#/components/schemas/Readiness"}, "example": {"ready": true, "services": {"models": {"ready": true}}}}}},
      "503": {"description": "Some are not.", "headers": {"retry-after": {"$ref": "#/components/headers/RetryAfter"}},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Readiness"},
          "example": {"ready": false, "services": {"models": {"ready": false, "reason": "The model is loading."}}}}}}}}})";

constexpr std::string_view kMetricsPage = R"(,
  "/metrics": {"get": {
    "tags": ["Admin"], "summary": "Metrics for Prometheus", "operationId": "metrics",
    "security": [{"BearerKey": ["admin"]}, {"ApiKey": ["admin"]}],
    "description": "In Prometheus' text format, or in OpenMetrics' if `accept` asks for it.",
    "responses": {"200": {"description": "All metrics.", "content": {"text/plain": {"schema": {"type": "string"}},
      "application/openmetrics-text": {"schema": {"type": "string"}}}},
      "401": {"$ref": "#/components/responses/Unauthenticated"}, "403": {"$ref": "#/components/responses/PermissionDenied"}}}})";

constexpr std::string_view kComponents = R"({
  "schemas": {
    "Error": {
      "title": "Error", "type": "object", "description": "Every error has exactly these two fields.",
      "properties": {
        "error": {"type": "string", "description": "What kind of error it is."},
        "details": {"type": "string", "description": "What is wrong, in a sentence: for a bad request the field and what it must be."}},
      "required": ["error", "details"]},
    "Readiness": {
      "title": "Readiness", "type": "object",
      "properties": {
        "ready": {"type": "boolean"},
        "reason": {"type": "string", "description": "Why nothing is known of the services: the program starts or stops."},
        "services": {"type": "object", "description": "By name.", "additionalProperties": {
          "type": "object",
          "properties": {"ready": {"type": "boolean"}, "reason": {"type": "string", "description": "Why it is not ready."}},
          "required": ["ready"]}}},
      "required": ["ready"]}},
  "headers": {
    "RequestId": {"description": "The caller's x-request-id, or a new one; it stands in the log.", "schema": {"type": "string"}},
    "RetryAfter": {"description": "Seconds after which to try again.", "required": true, "schema": {"type": "integer", "minimum": 1}},
    "WwwAuthenticate": {"description": "How to say who calls.", "required": true, "schema": {"type": "string"}}},
  "responses": {
)";

constexpr std::string_view kSecuritySchemes = R"(},
  "securitySchemes": {
    "BearerKey": {"type": "http", "scheme": "bearer", "description": "An API key of this server as `Authorization: Bearer KEY`."},
    "ApiKey": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "An API key of this server as `x-api-key: KEY`."},
    "Certificate": {"type": "mutualTLS", "description": "A client certificate that this server's authority has signed."}}})";

std::string Response(std::string_view name, std::string_view description, std::string_view title,
                     std::string_view details, std::string_view more_headers = "") {
  return StrCat("\"", name, "\": {\"description\": \"", description,
                R"(", "headers": {"x-request-id": {"$ref": "#/components/headers/RequestId"})", more_headers,
                R"(}, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"})",
                title.empty() ? "" : R"(, "example": {"error": ")", title,
                title.empty() ? "" : R"(", "details": ")", details, title.empty() ? "" : "\"}", "}}}");
}

// The titles are those of http::ErrorTitle.
std::string Responses() {
  constexpr std::string_view kRetry = R"(, "retry-after": {"$ref": "#/components/headers/RetryAfter"})";
  constexpr std::string_view kWho =
      R"(, "www-authenticate": {"$ref": "#/components/headers/WwwAuthenticate"})";
  const std::string all[] = {
      Response("BadRequest", "The request is not what it must be; `details` names the field and the rule.",
               "Invalid input format", "The query holds a malformed %-escape."),
      Response("Unauthenticated", "No key or certificate, or one that is not known here.",
               "Authentication required", "This needs a key or a certificate.", kWho),
      Response("PermissionDenied", "The caller may not call this.", "Permission denied",
               "This method is not open to callers from outside."),
      Response("NotFound", "There is no such thing.", "Not found", "There is no model of this name."),
      Response("TooLarge", "The body is larger than this server takes.", "Request body too large",
               "The body is larger than 8388608 bytes."),
      Response("UnsupportedMediaType", "The body is not JSON.", "Unsupported media type",
               "The content-type must be application/json."),
      Response("TooManyRequests", "More than the caller or the server may have under way.",
               "Too many requests", "The queue is full.", kRetry),
      Response("InternalError", "A fault of the server; it is in its log under the request id.",
               "Internal server error", "The request could not be completed. Request id: 3d1f0c2a9b8e7d6c."),
      Response("Unavailable", "Not now: starting, loading, or out of reach.", "Service unavailable",
               "The model is loading.", kRetry),
      Response("DeadlineExceeded", "It took longer than the caller or the server allows.",
               "Deadline exceeded", "The deadline of this request has passed."),
      Response("Error", "Any other error.", "", "")};
  std::string joined;
  for (const std::string& one : all) joined += (joined.empty() ? "" : ",\n") + one;
  return joined;
}

std::string Base(std::string_view info, std::string_view pages) {
  return StrCat(
      R"({"openapi": "3.1.0", "info": {)", info, R"(, "version": ")", kVersion,
      R"(", "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"}}, "servers": [{"url": "/"}], "tags": [)",
      kHealthTag, R"(], "paths": {)", kHealthPages, pages, R"(}, "components": )", kComponents, Responses(),
      kSecuritySchemes, "}");
}

}  // namespace

std::string PublicBase() { return Base(kPublicInfo, ""); }
std::string AdminBase() { return Base(kAdminInfo, kMetricsPage); }

}  // namespace starling::app

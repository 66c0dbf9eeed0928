// The one table from statuses to HTTP: code, title and body. The product's own form; other protocols have theirs.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/http/exchange.h"

namespace starling::http {

// INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE 400, UNAUTHENTICATED 401, PERMISSION_DENIED 403, NOT_FOUND 404,
// ALREADY_EXISTS and ABORTED 409, RESOURCE_EXHAUSTED 429, CANCELLED 499 (nobody hears it), UNIMPLEMENTED 501,
// UNAVAILABLE 503, DEADLINE_EXCEEDED 504, all else 500.
int HttpStatusOf(absl::StatusCode code);

// What `error` says for an HTTP status, for example "Not found".
std::string_view ErrorTitle(int http_status);

// {"error": ..., "details": ...}, with exactly these two fields.
std::string ErrorBody(std::string_view error, std::string_view details);

struct ErrorResponse {
  int status = 500;
  Headers headers;  // content-type, and Retry-After or WWW-Authenticate where they belong
  std::string body;
};

// `details` is the status's message; for 500 it is a sentence with the request id in place of the message, which is
// for the log alone. 429 and 503 always carry Retry-After (whole seconds, at least 1).
ErrorResponse ErrorResponseFor(const absl::Status& status, std::string_view request_id);

// For refusals that no absl code stands for: 404, 405, 413, 415 and so on.
ErrorResponse ErrorResponseFor(int http_status, std::string_view details);

}  // namespace starling::http

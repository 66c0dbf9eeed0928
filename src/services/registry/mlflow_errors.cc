#include "services/registry/mlflow_errors.h"

#include "base/json_quote.h"
#include "base/status.h"

namespace starling::registry {
namespace {

struct Code {
  std::string_view name;
  int http_status;
};

Code CodeOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kFailedPrecondition:
      return {"INVALID_PARAMETER_VALUE", 400};
    case absl::StatusCode::kAlreadyExists:
      return {"RESOURCE_ALREADY_EXISTS", 400};
    case absl::StatusCode::kNotFound:
      return {"RESOURCE_DOES_NOT_EXIST", 404};
    case absl::StatusCode::kUnauthenticated:
      return {"UNAUTHENTICATED", 401};
    case absl::StatusCode::kPermissionDenied:
      return {"PERMISSION_DENIED", 403};
    case absl::StatusCode::kAborted:
      return {"RESOURCE_CONFLICT", 409};
    case absl::StatusCode::kResourceExhausted:
      return {"REQUEST_LIMIT_EXCEEDED", 429};
    case absl::StatusCode::kUnimplemented:
      return {"NOT_IMPLEMENTED", 501};
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
      return {"TEMPORARILY_UNAVAILABLE", 503};
    default:
      return {"INTERNAL_ERROR", 500};
  }
}

}  // namespace

http::ErrorResponse MlflowErrors::Encode(const absl::Status& status, int http_status,
                                         std::string_view request_id) const {
  Code code = CodeOf(status.code());
  // A path that is no endpoint, or none for this verb.
  if (http_status == 404 || http_status == 405) code = {"ENDPOINT_NOT_FOUND", http_status};
  if (http_status == 408 || http_status == 413) code = {"INVALID_PARAMETER_VALUE", http_status};
  std::string message(Message(status));
  if (code.http_status == 500)
    message = StrCat("The request could not be completed. Request id: ", request_id, ".");
  http::ErrorResponse response = http::ErrorResponseFor(status, request_id);
  if (response.status != code.http_status) response = http::ErrorResponseFor(code.http_status, "");
  response.body = StrCat("{\"error_code\":", JsonQuote(code.name), ",\"message\":", JsonQuote(message), "}");
  return response;
}

}  // namespace starling::registry

#include "core/http/routing/error_body.h"

#include <algorithm>
#include <chrono>

#include "base/json_quote.h"
#include "base/status.h"
#include "core/http/h1/h1_response.h"

namespace starling::http {

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

std::string_view ErrorTitle(int http_status) {
  switch (http_status) {
    case 400:
      return "Bad request";
    case 401:
      return "Authentication required";
    case 403:
      return "Permission denied";
    case 404:
      return "Not found";
    case 405:
      return "Method not allowed";
    case 406:
      return "Not acceptable";
    case 408:
      return "Request timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Request body too large";
    case 414:
      return "Request target too long";
    case 415:
      return "Unsupported media type";
    case 429:
      return "Too many requests";
    case 431:
      return "Request headers too large";
    case 499:
      return "Request cancelled";
    case 500:
      return "Internal server error";
    case 501:
      return "Not implemented";
    case 503:
      return "Service unavailable";
    case 504:
      return "Deadline exceeded";
    default:
      break;
  }
  const std::string_view phrase = ReasonPhrase(http_status);
  return phrase.empty() ? "Error" : phrase;
}

std::string ErrorBody(std::string_view error, std::string_view details) {
  std::string body = "{\"error\":";
  AppendJsonString(error, &body);
  body.append(",\"details\":");
  AppendJsonString(details, &body);
  body.push_back('}');
  return body;
}

ErrorResponse ErrorResponseFor(const absl::Status& status, std::string_view request_id) {
  const int code = HttpStatusOf(status.code());
  std::string_view title = ErrorTitle(code);
  std::string details(Message(status));
  if (status.code() == absl::StatusCode::kInvalidArgument) title = "Invalid input format";
  if (code == 500) details = StrCat("The request could not be completed. Request id: ", request_id, ".");
  ErrorResponse response{.status = code, .headers = {}, .body = ErrorBody(title, details)};
  response.headers.Add("content-type", "application/json");
  if (code == 429 || code == 503) {
    const auto delay = RetryAfter(status).value_or(std::chrono::seconds(1));
    response.headers.Add(
        "retry-after", StrCat(std::max<int64_t>(1, std::chrono::ceil<std::chrono::seconds>(delay).count())));
  }
  if (code == 401) response.headers.Add("www-authenticate", "Bearer");
  return response;
}

ErrorResponse ErrorResponseFor(int http_status, std::string_view details) {
  ErrorResponse response{
      .status = http_status, .headers = {}, .body = ErrorBody(ErrorTitle(http_status), details)};
  response.headers.Add("content-type", "application/json");
  if (http_status == 429 || http_status == 503) response.headers.Add("retry-after", "1");
  return response;
}

}  // namespace starling::http

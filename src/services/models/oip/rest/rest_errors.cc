#include "services/models/oip/rest/rest_errors.h"

#include <string>
#include <utility>

#include "base/json_quote.h"
#include "base/status.h"

namespace starling::models::oip {

http::ErrorResponse RestErrors::Encode(const absl::Status& status, int http_status,
                                       std::string_view request_id) const {
  // Status and headers are the product's, the body is the protocol's.
  http::ErrorResponse response = http_status != 0 ? http::ErrorResponseFor(http_status, Message(status))
                                                  : http::ErrorResponseFor(status, request_id);
  if (status.code() == absl::StatusCode::kAlreadyExists) response.status = 400;
  std::string text(Message(status));
  if (response.status == 500) text = StrCat("Internal server error. Request id: ", request_id, ".");
  response.body = "{\"error\":";
  AppendJsonString(text, &response.body);
  response.body.push_back('}');
  return response;
}

}  // namespace starling::models::oip

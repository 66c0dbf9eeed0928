#include "core/http/routing/respond_error.h"

#include <utility>

#include "base/status.h"
#include "core/http/routing/error_body.h"

namespace starling::http {

async::Task<void> RespondError(Exchange& exchange, absl::Status status, std::string_view request_id,
                               int http_status, Headers headers) {
  ErrorResponse response = http_status == 0 ? ErrorResponseFor(status, request_id)
                                            : ErrorResponseFor(http_status, Message(status));
  for (const auto& [name, value] : headers) response.headers.Add(name, value);
  (void)co_await exchange.Respond(response.status, std::move(response.headers),
                                  Bytes(std::move(response.body)));
}

}  // namespace starling::http

// Errors of the protocol over HTTP: {"error": "..."}.
#pragma once

#include <string_view>

#include "core/http/routing/adapter.h"

namespace starling::models::oip {

// The statuses of docs/protocol/README.md of triton-inference-server/server for the codes that it has: INVALID_ARGUMENT,
// FAILED_PRECONDITION, ALREADY_EXISTS 400, NOT_FOUND 404, UNIMPLEMENTED 501, UNAVAILABLE 503, INTERNAL 500; the product's own table for
// the others (401, 403, 429, 504). Thread-safe.
class RestErrors final : public http::ErrorCodec {
 public:
  http::ErrorResponse Encode(const absl::Status& status, int http_status,
                             std::string_view request_id) const override;
};

}  // namespace starling::models::oip

// absl::Status as gRPC's trailers, both ways (PROTOCOL-HTTP2.md, "Responses"; google/rpc/status.proto).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/http/exchange.h"

namespace starling::grpc {

// Adds grpc-status, grpc-message and, if the status has payloads, grpc-status-details-bin. Payloads are sent as
// google.protobuf.Any under their type URL; those whose URL is no type URL ("starling/...") stay here.
void AddStatus(const absl::Status& status, http::Headers* trailers);

// The status in `trailers`, with its details as payloads; UNKNOWN if there is none.
absl::Status StatusFrom(const http::Headers& trailers);
bool HasStatus(const http::Headers& trailers);

// What an answer that is not gRPC's means (http-grpc-status-mapping.md).
absl::Status StatusFromHttp(int http_status);
// What the reset of a stream means (PROTOCOL-HTTP2.md, "Errors").
absl::Status StatusFromReset(uint32_t http2_code);

// Percent-encoding of grpc-message: printable ASCII but for '%' stays.
std::string EncodeMessage(std::string_view message);
std::string DecodeMessage(std::string_view encoded);

}  // namespace starling::grpc

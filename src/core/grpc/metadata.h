// What a call's HTTP/2 headers say of its context, both ways (docs/other-languages.md, sections 4 and 5).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "core/context/request_context.h"
#include "core/http/exchange.h"

namespace starling::grpc {

// The time left that the headers of a call give it; kNoDeadline if they say nothing. INVALID_ARGUMENT if malformed.
absl::StatusOr<MonotonicTime> ReadDeadline(const http::Request& request);

// The headers that carry `context`; `trusted` adds whose call it is. The time left is taken now.
void WriteContext(const RequestContext& context, bool trusted, http::Headers* headers);

// RFC 3986 percent-encoding of all but printable ASCII, and back.
std::string EncodeValue(std::string_view value);
std::string DecodeValue(std::string_view value);

}  // namespace starling::grpc

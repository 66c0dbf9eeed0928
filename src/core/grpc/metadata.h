// What a call's HTTP/2 headers say of its context, both ways (docs/other-languages.md, sections 4 and 5).
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "core/context/request_context.h"
#include "core/http/authenticator.h"
#include "core/http/exchange.h"
#include "core/rpc/method.h"

namespace starling::grpc {

// Who sends the request. Without an authenticator the peer of a Unix socket is a service and everyone else anonymous.
absl::StatusOr<Principal> Identify(const http::Request& request, http::Authenticator* authenticator);

// OK, UNAUTHENTICATED or PERMISSION_DENIED. Services may call everything.
absl::Status CheckAccess(const rpc::Method& method, const Principal& caller);

// The context of a call by `caller`, with trace, request id and deadline from the headers. INVALID_ARGUMENT for a
// malformed timeout. A service's word on whose behalf it calls is taken, nobody else's.
absl::StatusOr<RequestContext> ReadContext(const http::Request& request, Principal caller,
                                           CancelToken cancel);

// The headers that carry `context`; `trusted` adds whose call it is. The time left is taken now.
void WriteContext(const RequestContext& context, bool trusted, http::Headers* headers);

// RFC 3986 percent-encoding of all but printable ASCII, and back.
std::string EncodeValue(std::string_view value);
std::string DecodeValue(std::string_view value);

}  // namespace starling::grpc

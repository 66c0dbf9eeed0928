// Who calls, and what a request's headers say of its context: the same for every protocol at the edge.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/context/request_context.h"
#include "core/http/edge/authenticator.h"
#include "core/http/exchange.h"
#include "core/rpc/method.h"

namespace starling::http {

// Who sends the request. Without an authenticator the peer of a Unix socket is a service and everyone else anonymous.
absl::StatusOr<Principal> Identify(const Request& request, Authenticator* authenticator);

// OK, UNAUTHENTICATED or PERMISSION_DENIED. Services may call everything.
absl::Status CheckAccess(const rpc::Method& method, const Principal& caller);

// The caller's x-request-id if it is harmless in logs and answers, else a new one.
std::string RequestIdOf(const Request& request);

struct Arrival {
  std::shared_ptr<const RequestOrigin> origin;
  std::optional<TraceContext> trace;  // the caller's span
};
// What the headers of a request by `caller` say. A service's word on whose behalf it calls is taken, nobody else's.
Arrival ReadArrival(const Request& request, Principal caller, std::string request_id);

// How long the caller gives its call: `longest`, or less if the header x-request-timeout-ms says so. INVALID_ARGUMENT for a header
// that is no positive number.
absl::StatusOr<std::chrono::milliseconds> AskedTimeout(const Request& request,
                                                       std::chrono::milliseconds longest);

// %XX decoded; nullopt for a malformed escape. With `plus`, '+' is a space (queries).
std::optional<std::string> PercentDecode(std::string_view text, bool plus);

}  // namespace starling::http

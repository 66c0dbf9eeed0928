// What callers hear as 500, in the log: they get the request id alone, so the reason has to be there, once.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "core/context/request_context.h"
#include "core/observe/log.h"

namespace starling::rpc {

// Logs an INTERNAL, UNKNOWN or DATA_LOSS, unless this process has logged it already or `limiter` holds it back, and marks it, so
// that others on the way out do not log it again. `where` names the method or the route. Transports do not send the mark on.
void LogBug(const RequestContext& context, std::string_view where, observe::LogLimiter& limiter,
            absl::Status* status);

// Logs the exception that is being handled, with its stack, and returns the INTERNAL that it becomes, marked.
absl::Status ThrownBug(const RequestContext& context, std::string_view where);

}  // namespace starling::rpc

// The one type-erased call. Implementations of services, policies around them and transports to them all are this.
#pragma once

#include "absl/status/statusor.h"
#include "core/async/stream.h"
#include "core/async/task.h"
#include "core/context/request_context.h"
#include "core/rpc/method.h"
#include "core/rpc/payload.h"

namespace starling::rpc {

// Called from any loop; results come on the loop of the caller. `method` and the endpoint outlive the call.
class Endpoint {
 public:
  virtual ~Endpoint() = default;

  // CallShape::kUnary. `request` may be borrowed: await at once.
  virtual async::Task<absl::StatusOr<Payload>> Unary(RequestContext context, const Method& method,
                                                     Payload request) = 0;

  // The other three shapes. Reads `requests` as it needs them (exactly one for kServerStream); gives responses as
  // they are asked for (exactly one for kClientStream). Dropping the stream of responses ends the call.
  virtual async::Stream<Payload> Open(RequestContext context, const Method& method,
                                      async::Stream<Payload> requests) = 0;
};

}  // namespace starling::rpc

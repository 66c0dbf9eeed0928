#pragma once

#include "core/rpc/endpoint.h"

namespace starling::rpc {

// The test placement `inline-checked`: an inline call that pays what a wire costs. Every message is encoded and decoded,
// and every call goes through the loop's queue, so code that leans on sharing objects or on being called at once fails
// here and not in production.
class CheckedEndpoint final : public Endpoint {
 public:
  explicit CheckedEndpoint(Endpoint& inner) : inner_(inner) {}
  async::Task<absl::StatusOr<Payload>> Unary(RequestContext context, const Method& method,
                                             Payload request) override;
  async::Stream<Payload> Open(RequestContext context, const Method& method,
                              async::Stream<Payload> requests) override;

 private:
  Endpoint& inner_;
};

}  // namespace starling::rpc

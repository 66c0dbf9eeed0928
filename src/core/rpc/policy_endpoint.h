// What holds for every call of a service, in whatever placement it runs: written once, here.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/observe/log.h"
#include "core/observe/registry.h"
#include "core/observe/tracer.h"
#include "core/rpc/endpoint.h"

namespace starling::rpc {

struct PolicyOptions {
  std::string service;    // as configured, "sentiment"
  std::string placement;  // "inline", "process", ...
  int64_t max_concurrent_calls = 10000;
};

// In this order: no work after the deadline or for a caller who has gone; a bound on calls under way (UNAVAILABLE with a
// RetryAfter past it); the message's encoding and the contract's rules; the call, in a span of its own; its duration and
// outcome counted. An exception out of a handler is a bug: INTERNAL, logged once with its trace. Thread-safe.
class PolicyEndpoint final : public Endpoint {
 public:
  // All references outlive it.
  PolicyEndpoint(const Contract& contract, Endpoint& inner, PolicyOptions options,
                 observe::Registry& registry, const observe::Tracer& tracer);

  async::Task<absl::StatusOr<Payload>> Unary(RequestContext context, const Method& method,
                                             Payload request) override;
  async::Stream<Payload> Open(RequestContext context, const Method& method,
                              async::Stream<Payload> requests) override;

 private:
  class Call;
  const Contract& contract_;
  Endpoint& inner_;
  const PolicyOptions options_;
  const observe::Tracer& tracer_;
  observe::HistogramFamily& durations_;
  std::vector<observe::Histogram> ok_durations_;  // by the method's place in the contract
  observe::UpDownCounter in_flight_;
  observe::Counter refused_;
  std::atomic<int64_t> calls_{0};
  observe::LogLimiter bugs_{std::chrono::milliseconds(10)};
};

}  // namespace starling::rpc

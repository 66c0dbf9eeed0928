// Calls over any number of addresses: balancing, breakers and retries, the same for every transport.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/resilience/breaker.h"
#include "core/resilience/retry_budget.h"
#include "core/rpc/endpoint.h"

namespace starling::rpc {

struct BalancedOptions {
  int max_attempts = 3;
  std::chrono::milliseconds retry_first{20};
  std::chrono::milliseconds retry_max{500};
  // Retries per first attempt, at most; a call that reached nobody and goes to another address is not counted.
  double retry_ratio = 0.1;
  resilience::Breaker::Options breaker;
};

// Counters, any thread.
struct BalancedStats {
  uint64_t attempts = 0;
  uint64_t retries = 0;
  uint64_t refused_by_breaker = 0;
};

// Each call goes to the less busy of two addresses picked at random (M. Mitzenmacher, "The Power of Two Choices", 2001),
// past those whose breaker is open, and past those that said "later" as long as that lasts, unless all did; when none is
// left, one that last refused connections at once is asked although its breaker is open, lest a rolling restart end
// with all breakers open. A failed call is repeated on another address if that is harmless: the method is `safe` and the answer UNAVAILABLE, or the peer certainly has not begun it; only before the first item of a stream,
// only within the deadline and the budget. A target's CANCELLED that the caller did not ask for is UNAVAILABLE. With no address to call: UNAVAILABLE with a RetryAfter. Thread-safe.
class BalancedEndpoint final : public Endpoint {
 public:
  using Connect = std::function<std::shared_ptr<Endpoint>(const std::string& address)>;
  BalancedEndpoint(std::string name, BalancedOptions options, Connect connect);
  ~BalancedEndpoint() override;

  // Replaces the set; addresses that stay keep their connections and breakers; calls under way on others finish.
  void SetAddresses(const std::vector<std::string>& addresses);
  BalancedStats stats() const;

  async::Task<absl::StatusOr<Payload>> Unary(RequestContext context, const Method& method,
                                             Payload request) override;
  async::Stream<Payload> Open(RequestContext context, const Method& method,
                              async::Stream<Payload> requests) override;

 private:
  struct Target;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace starling::rpc

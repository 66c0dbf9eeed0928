#pragma once

#include <mutex>

namespace starling::resilience {

// Bounds what retries add to the load: a token bucket in which every first attempt puts `ratio` of a token and every
// retry takes one (Finagle's RetryBudget). A dependency that fails for everyone thus sees at most `ratio` more calls,
// and `reserve` tokens let a quiet client retry at all. Thread-safe.
class RetryBudget {
 public:
  explicit RetryBudget(double ratio = 0.1, double reserve = 10)
      : ratio_(ratio), reserve_(reserve), tokens_(reserve) {}

  void OnFirstAttempt();
  // True if a retry may be sent now; it is taken from the budget.
  [[nodiscard]] bool TryRetry();

 private:
  const double ratio_, reserve_;
  std::mutex mutex_;
  double tokens_;
};

}  // namespace starling::resilience

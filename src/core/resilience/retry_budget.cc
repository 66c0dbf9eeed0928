#include "core/resilience/retry_budget.h"

#include <algorithm>

namespace starling::resilience {

void RetryBudget::OnFirstAttempt() {
  std::lock_guard lock(mutex_);
  // Saved-up tokens are bounded, or an hour of health would pay for a storm of retries.
  tokens_ = std::min(tokens_ + ratio_, std::max(reserve_, 100 * ratio_));
}

bool RetryBudget::TryRetry() {
  std::lock_guard lock(mutex_);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

}  // namespace starling::resilience

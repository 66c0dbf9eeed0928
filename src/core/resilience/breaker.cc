#include "core/resilience/breaker.h"

#include "core/context/trace_context.h"

namespace starling::resilience {

bool Breaker::Allow(Time now) {
  std::lock_guard lock(mutex_);
  if (!open_) return true;
  if (probing_ || now < probe_at_) return false;
  probing_ = true;
  return true;
}

void Breaker::OnResult(bool healthy, Time now) {
  std::lock_guard lock(mutex_);
  if (healthy) {
    failures_in_a_row_ = 0;
    // A late success of a call that was sent before the breaker opened does not close it; the probe does.
    if (open_ && probing_) {
      open_ = false;
      backoff_.Reset();
    }
    probing_ = false;
    return;
  }
  ++failures_in_a_row_;
  const bool probe_failed = open_ && probing_;
  const bool opens = !open_ && failures_in_a_row_ >= options_.failures;
  if (!probe_failed && !opens) return;
  open_ = true;
  probing_ = false;
  probe_at_ = now + backoff_.Next(RandomId());
}

void Breaker::Close() {
  std::lock_guard lock(mutex_);
  failures_in_a_row_ = 0;
  open_ = probing_ = false;
  backoff_.Reset();
}

void Breaker::OnAbandoned() {
  std::lock_guard lock(mutex_);
  probing_ = false;
}

Breaker::State Breaker::state(Time now) const {
  std::lock_guard lock(mutex_);
  if (!open_) return State::kClosed;
  return probing_ || now >= probe_at_ ? State::kHalfOpen : State::kOpen;
}

std::chrono::milliseconds Breaker::RetryIn(Time now) const {
  std::lock_guard lock(mutex_);
  if (!open_ || now >= probe_at_) return std::chrono::milliseconds(0);
  return std::chrono::ceil<std::chrono::milliseconds>(probe_at_ - now);
}

}  // namespace starling::resilience

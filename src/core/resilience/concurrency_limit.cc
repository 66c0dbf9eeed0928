#include "core/resilience/concurrency_limit.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace starling::resilience {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
constexpr double kSteepest = 0.5;         // a window lowers the limit to half at most
constexpr double kBaseRise = 1.005;       // per window without refusals
constexpr double kRecovery = 1.15;        // the same
constexpr int64_t kPauseNs = 1000000000;  // after which what was before says nothing

int64_t Count(ConcurrencyLimit::Time time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

void Lower(std::atomic<int64_t>& value, int64_t to) {
  int64_t seen = value.load(kRelaxed);
  while (to < seen && !value.compare_exchange_weak(seen, to, kRelaxed)) {
  }
}

void Raise(std::atomic<int64_t>& value, int64_t to) {
  int64_t seen = value.load(kRelaxed);
  while (to > seen && !value.compare_exchange_weak(seen, to, kRelaxed)) {
  }
}

}  // namespace

ConcurrencyLimit::ConcurrencyLimit(Options options, Time now)
    : options_(options),
      limit_(std::min(options.initial, options.max)),
      shortest_(kNone),
      window_end_(Count(now + options.window)),
      exact_limit_(static_cast<double>(limit_)) {}

bool ConcurrencyLimit::TryBegin() {
  const int64_t others = under_way_.fetch_add(1, kRelaxed);
  if (others >= limit_.load(kRelaxed)) {
    under_way_.fetch_sub(1, kRelaxed);
    refused_.fetch_add(1, kRelaxed);
    return false;
  }
  Raise(most_, others + 1);
  return true;
}

bool ConcurrencyLimit::Full() {
  if (under_way_.load(kRelaxed) < limit_.load(kRelaxed)) return false;
  refused_.fetch_add(1, kRelaxed);
  return true;
}

void ConcurrencyLimit::End(Nanoseconds took, Time now, bool counts) {
  const int64_t others = under_way_.fetch_sub(1, kRelaxed) - 1;
  if (idle_since_.load(kRelaxed) != 0) {
    const int64_t idle_since = idle_since_.exchange(0, kRelaxed);
    if (idle_since != 0 && Count(now - took) - idle_since >= kPauseNs) StartAgain(now);
  }
  if (others == 0) idle_since_.store(Count(now), kRelaxed);
  if (!counts) return;
  Lower(shortest_, std::max<int64_t>(took.count(), 1));
  const int64_t calls = calls_.fetch_add(1, kRelaxed) + 1;
  if (calls < options_.window_calls || Count(now) < window_end_.load(kRelaxed)) return;
  if (const std::unique_lock lock(mutex_, std::try_to_lock); lock.owns_lock()) EndWindow(now);
}

void ConcurrencyLimit::StartAgain(Time now) {
  const std::lock_guard lock(mutex_);
  refused_.store(0, kRelaxed);
  calls_.store(0, kRelaxed);
  shortest_.store(kNone, kRelaxed);
  window_end_.store(Count(now + options_.window), kRelaxed);
  exact_limit_ = std::max(exact_limit_, static_cast<double>(std::min(options_.initial, options_.max)));
  limit_.store(static_cast<int64_t>(exact_limit_), kRelaxed);
}

void ConcurrencyLimit::EndWindow(Time now) {
  if (Count(now) < window_end_.load(kRelaxed)) return;  // another thread was first
  const int64_t shortest_ns = shortest_.exchange(kNone, kRelaxed);
  const int64_t most = most_.exchange(under_way_.load(kRelaxed), kRelaxed);
  const bool refused = refused_.exchange(0, kRelaxed) > 0;
  calls_.store(0, kRelaxed);
  window_end_.store(Count(now + options_.window), kRelaxed);
  if (shortest_ns == kNone) return;

  const auto shortest = static_cast<double>(shortest_ns);
  MoveBase(shortest, refused);
  exact_limit_ = std::clamp(Moved(shortest, most, refused), static_cast<double>(options_.min),
                            static_cast<double>(options_.max));
  limit_.store(static_cast<int64_t>(exact_limit_), kRelaxed);
}

double ConcurrencyLimit::Moved(double shortest, int64_t most, bool refused) const {
  if (refused) {
    const double gradient = std::clamp(options_.tolerance * base_ / shortest, kSteepest, 1.0);
    return exact_limit_ * gradient + std::sqrt(exact_limit_);
  }
  const auto initial = static_cast<double>(options_.initial);
  if (exact_limit_ < initial) return std::min(initial, exact_limit_ * kRecovery);
  // A bound that nobody comes near says nothing of what would happen there: it is not raised.
  return 2 * most < limit_.load(kRelaxed) ? exact_limit_ : exact_limit_ + std::sqrt(exact_limit_);
}

void ConcurrencyLimit::MoveBase(double shortest, bool refused) {
  if (base_ == 0 || shortest < base_) {
    base_ = shortest;
  } else if (!refused) {
    base_ = std::min(shortest, base_ * kBaseRise);
  } else if (limit_.load(kRelaxed) <= options_.min + 2) {
    base_ = shortest;
  }
}

}  // namespace starling::resilience

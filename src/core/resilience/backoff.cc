#include "core/resilience/backoff.h"

#include <algorithm>

namespace starling::resilience {

std::chrono::milliseconds Backoff::Next(uint64_t random) {
  const int doublings = std::min(failures_++, 30);
  const int64_t full = std::min<int64_t>(max_.count(), first_.count() << doublings);
  const int64_t half = std::max<int64_t>(full / 2, 0);
  return Milliseconds(half + static_cast<int64_t>(random % static_cast<uint64_t>(full - half + 1)));
}

}  // namespace starling::resilience

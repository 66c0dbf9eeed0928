#pragma once

#include <chrono>
#include <cstdint>

namespace starling::resilience {

// Growing delays with full jitter (M. Brooker, "Exponential Backoff And Jitter", 2015): the n-th delay is uniform
// between half of and all of min(max, first * 2^n), so that callers which failed together do not return together.
// Not thread-safe.
class Backoff {
 public:
  using Milliseconds = std::chrono::milliseconds;
  Backoff(Milliseconds first, Milliseconds max) : first_(first), max_(max) {}

  // `random` is any 64 random bits.
  Milliseconds Next(uint64_t random);
  // After a success: the next delay is the first again.
  void Reset() { failures_ = 0; }
  int failures() const { return failures_; }

 private:
  Milliseconds first_, max_;
  int failures_ = 0;
};

}  // namespace starling::resilience

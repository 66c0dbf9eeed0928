#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

#include "core/resilience/backoff.h"

namespace starling::resilience {

// A circuit breaker for one target (M. Nygard, "Release It!"): opens after `failures` failures in a row; while open no
// call is sent; after a growing delay one probe is let through, and its outcome closes or re-opens it.
// Only failures that speak of the target's health are reported as such, not errors of the caller. Thread-safe.
class Breaker {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Options {
    int failures = 5;
    std::chrono::milliseconds open_first{500};
    std::chrono::milliseconds open_max{15000};
  };
  enum class State { kClosed, kOpen, kHalfOpen };

  Breaker() : Breaker(Options()) {}
  explicit Breaker(Options options) : options_(options), backoff_(options.open_first, options.open_max) {}

  // Whether a call may be sent now. Each true must be followed by one OnResult, or by OnAbandoned.
  [[nodiscard]] bool Allow(Time now);
  void OnResult(bool healthy, Time now);
  // The call ended without saying anything about the target (the caller went away).
  void OnAbandoned();
  // The target was seen to answer, by a call that Allow() was not asked about.
  void Close();

  State state(Time now) const;
  // How long until a probe is let through; zero when closed.
  std::chrono::milliseconds RetryIn(Time now) const;

 private:
  const Options options_;
  mutable std::mutex mutex_;
  Backoff backoff_;
  int failures_in_a_row_ = 0;
  bool open_ = false;
  bool probing_ = false;
  Time probe_at_{};
};

}  // namespace starling::resilience

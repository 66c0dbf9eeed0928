// How many calls may be under way at once, found out by watching them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

namespace starling::resilience {

// A bound on calls under way that needs no setting. It lets bursts in, and callers who wait for each other's answers (their number
// bounds the queue); it refuses what would only feed a standing queue. While it refuses nobody it is wide. Once it does, it moves
// once a window, by comparing the shortest call of the window with the shortest that calls are known to take (a gradient, as
// Netflix's concurrency-limits and Envoy's adaptive concurrency filter do it; the shortest instead of the mean is the idea of
// CoDel, RFC 8289, section 3: in a burst some call still finds the queue empty, in a standing queue none does).
//
//   limit' = limit * min(1, tolerance * base / shortest) + sqrt(limit)     in a window with refusals
//   limit' = limit * 1.15, up to `initial`                                 in one without
//
// After a second without calls it is as wide as in the beginning. `base` falls to the shortest call at once. It rises slowly
// while the bound refuses nobody, and to whatever calls take once the bound is at its minimum and no queue of our making is
// left. Thread-safe; costs a few relaxed atomic operations a call.
class ConcurrencyLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Nanoseconds = std::chrono::nanoseconds;
  struct Options {
    int64_t initial = 256;
    int64_t min = 4;
    int64_t max = 10000;
    // How many times longer than `base` the calls of a standing queue may take.
    double tolerance = 5;
    Nanoseconds window = std::chrono::milliseconds(100);
    int64_t window_calls = 16;  // a window ends when both are reached
  };

  explicit ConcurrencyLimit(Options options, Time now);

  // Whether one more call may begin. Each true must be followed by one End().
  [[nodiscard]] bool TryBegin();
  // Whether TryBegin() would refuse, which counts as a refusal if so.
  [[nodiscard]] bool Full();
  // `counts`: the call says how fast we are (it was neither refused nor broken off).
  void End(Nanoseconds took, Time now, bool counts);

  int64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  int64_t under_way() const { return under_way_.load(std::memory_order_relaxed); }

 private:
  void StartAgain(Time now);
  void EndWindow(Time now);
  void MoveBase(double shortest, bool refused);
  double Moved(double shortest, int64_t most, bool refused) const;

  const Options options_;
  std::atomic<int64_t> limit_, under_way_{0};
  // Of the window.
  std::atomic<int64_t> calls_{0}, shortest_, most_{0}, refused_{0};
  std::atomic<int64_t> window_end_;     // since the clock's epoch, in ns
  std::atomic<int64_t> idle_since_{0};  // the same; 0: it is known how long the pause was that ended last
  std::mutex mutex_;                    // taken by whoever ends a window
  double exact_limit_, base_ = 0;       // base in ns; 0: not known
};

}  // namespace starling::resilience

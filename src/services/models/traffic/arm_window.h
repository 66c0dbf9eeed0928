// ArmWindow: what was observed of one version within the last minutes.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

#include "core/context/request_context.h"

namespace starling::models {

struct ArmFigures {
  int64_t requests = 0;
  int64_t failures = 0;
  int64_t abandoned = 0;  // the caller went before there was an answer; not among the requests
  int64_t compared = 0;
  int64_t differing = 0;
  // Over all that is timed. What was abandoned counts with the time until then, so they are never too large because of it.
  double mean_s = 0;
  double p99_s = 0;  // at most 8% above the true one

  int64_t timed() const { return requests + abandoned; }

  double error_rate() const {
    return requests == 0 ? 0 : static_cast<double>(failures) / static_cast<double>(requests);
  }
  double agreement() const {
    return compared == 0 ? 1 : 1 - static_cast<double>(differing) / static_cast<double>(compared);
  }
};

// Time comes from the caller. Thread-safe; a lock for a few instructions, on requests under a rule alone.
class ArmWindow {
 public:
  ArmWindow(std::chrono::nanoseconds window, MonotonicTime begin);

  void AddRun(MonotonicTime now, std::chrono::nanoseconds latency, bool failed);
  void AddAbandoned(MonotonicTime now, std::chrono::nanoseconds waited);
  void AddComparison(MonotonicTime now, bool differs);

  // Of the window before `now`, in steps of a tenth of it.
  ArmFigures Figures(MonotonicTime now) const;
  // Whether it has been watched for as long as the window is.
  bool IsFull(MonotonicTime now) const { return now - begin_ >= window_; }

 private:
  // Latencies from 1 microsecond on, each bucket 8% wider than the one before; the last one takes everything from 7 minutes on.
  static constexpr size_t kBuckets = 260;
  static constexpr size_t kParts = 10;
  struct Part {
    int64_t number = -1;  // which tenth of a window since begin_
    int64_t requests = 0, failures = 0, abandoned = 0, compared = 0, differing = 0;
    double sum_s = 0;
    std::array<uint32_t, kBuckets> latencies{};
  };

  static size_t BucketOf(double seconds);
  static double UpperBound(size_t bucket);
  Part& PartAt(MonotonicTime now);
  template <typename Count>
  void Add(MonotonicTime now, std::chrono::nanoseconds time, Count count);
  int64_t NumberAt(MonotonicTime now) const;

  const std::chrono::nanoseconds window_;
  const MonotonicTime begin_;
  mutable std::mutex mutex_;
  std::vector<Part> parts_{kParts + 1};  // the one under way, and ten before it
};

}  // namespace starling::models

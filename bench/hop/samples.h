// The durations of calls, and what is said of them: the same for us and for rivals.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

namespace starling::bench {

using Clock = std::chrono::steady_clock;

inline constexpr char kText[] = "sixteen letters.";
// Before this the connection, caches and allocators warm up.
inline constexpr std::chrono::milliseconds kWarmUp{300};

// One thread's own; merged at the end.
class Samples {
 public:
  // Counts a call that lasted from `begin` until now, if it began at `from` or later. Returns now.
  Clock::time_point Add(Clock::time_point begin, Clock::time_point from) {
    const auto end = Clock::now();
    ++all_;
    if (begin >= from) microseconds_.push_back(std::chrono::duration<float, std::micro>(end - begin).count());
    return end;
  }
  void Merge(const Samples& other) {
    all_ += other.all_;
    microseconds_.insert(microseconds_.end(), other.microseconds_.begin(), other.microseconds_.end());
  }
  // One line of JSON.
  void Print(std::chrono::duration<double> took) {
    std::sort(microseconds_.begin(), microseconds_.end());
    std::printf(
        "{\"all_calls\": %zu, \"calls\": %zu, \"calls_per_s\": %.0f, \"p50_us\": %.2f, \"p99_us\": %.2f}\n",
        all_, microseconds_.size(), static_cast<double>(microseconds_.size()) / took.count(), At(0.50),
        At(0.99));
  }

 private:
  double At(double share) const {
    if (microseconds_.empty()) return 0;
    const auto index = static_cast<size_t>(share * static_cast<double>(microseconds_.size()));
    return microseconds_[std::min(index, microseconds_.size() - 1)];
  }

  size_t all_ = 0;  // with those of the warm-up
  std::vector<float> microseconds_;
};

}  // namespace starling::bench

// Latencies by the million in constant memory: counts in buckets whose width grows with the value.
#pragma once

#include <array>
#include <cstdint>

namespace starling::bench {

// Values in nanoseconds, up to 2^40 (18 minutes; longer ones count as that). A quantile is at most 0.8 % above the value
// that was recorded. One thread.
class Histogram {
 public:
  void Record(int64_t value_ns);

  int64_t count() const { return count_; }
  int64_t max_ns() const { return max_ns_; }
  // The smallest bound that `share` (0 to 1) of the values do not exceed; 0 without values.
  int64_t QuantileNs(double share) const;

 private:
  // 128 buckets for each power of two (Tene's HdrHistogram, with 7 bits of precision); below 128 ns one for each value.
  static constexpr int kBits = 7;
  static constexpr int kBuckets = (40 - kBits + 1) << kBits;
  static int BucketOf(int64_t value_ns);
  static int64_t UpperBound(int bucket);

  std::array<int64_t, kBuckets> counts_{};
  int64_t count_ = 0;
  int64_t max_ns_ = 0;
};

}  // namespace starling::bench

#include "load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace starling::bench {

int Histogram::BucketOf(int64_t value_ns) {
  const auto value = static_cast<uint64_t>(std::max<int64_t>(value_ns, 0));
  if (value < (uint64_t{1} << kBits)) return static_cast<int>(value);
  const int exponent = std::bit_width(value) - 1;
  const int shift = exponent - kBits;
  const int within = static_cast<int>(value >> shift) - (1 << kBits);
  return std::min(((shift + 1) << kBits) + within, kBuckets - 1);
}

int64_t Histogram::UpperBound(int bucket) {
  if (bucket < (1 << kBits)) return bucket;
  const int shift = (bucket >> kBits) - 1;
  const int64_t within = (bucket & ((1 << kBits) - 1)) + (1 << kBits);
  return ((within + 1) << shift) - 1;
}

void Histogram::Record(int64_t value_ns) {
  ++counts_[static_cast<size_t>(BucketOf(value_ns))];
  ++count_;
  max_ns_ = std::max(max_ns_, value_ns);
}

int64_t Histogram::QuantileNs(double share) const {
  if (count_ == 0) return 0;
  const auto wanted =
      std::clamp<int64_t>(static_cast<int64_t>(std::ceil(share * static_cast<double>(count_))), 1, count_);
  int64_t seen = 0;
  for (int bucket = 0; bucket < kBuckets; ++bucket) {
    seen += counts_[static_cast<size_t>(bucket)];
    if (seen >= wanted) return std::min(UpperBound(bucket), max_ns_);
  }
  return max_ns_;
}

}  // namespace starling::bench

#include "load/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace starling::bench {
namespace {

TEST(HistogramTest, QuantilesOfKnownValues) {
  Histogram histogram;
  EXPECT_EQ(histogram.QuantileNs(0.5), 0);
  for (int value = 1; value <= 100; ++value) histogram.Record(value);
  EXPECT_EQ(histogram.count(), 100);
  EXPECT_EQ(histogram.QuantileNs(0.5), 50);
  EXPECT_EQ(histogram.QuantileNs(0.99), 99);
  EXPECT_EQ(histogram.QuantileNs(1), 100);
  EXPECT_EQ(histogram.QuantileNs(0), 1);
}

TEST(HistogramTest, NeverBelowAndAtMostOnePercentAboveTheExactQuantile) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latencies(12, 2);
  Histogram histogram;
  std::vector<int64_t> exact;
  for (int i = 0; i < 100000; ++i) {
    exact.push_back(static_cast<int64_t>(latencies(random)));
    histogram.Record(exact.back());
  }
  std::sort(exact.begin(), exact.end());
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const auto truth = exact[static_cast<size_t>(share * 100000) - 1];
    EXPECT_GE(histogram.QuantileNs(share), truth) << share;
    EXPECT_LE(static_cast<double>(histogram.QuantileNs(share)), 1.01 * static_cast<double>(truth)) << share;
  }
  EXPECT_EQ(histogram.QuantileNs(1), exact.back());
}

TEST(HistogramTest, KeepsWhatIsPastItsRange) {
  Histogram histogram;
  histogram.Record(int64_t{1} << 45);
  histogram.Record(-5);
  EXPECT_EQ(histogram.count(), 2);
  EXPECT_EQ(histogram.max_ns(), int64_t{1} << 45);
}

}  // namespace
}  // namespace starling::bench

#include "core/inference/run_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <random>

namespace starling::inference {
namespace {

size_t Cost(const std::vector<RunPlan>& plan, const RunLimits& limits) {
  size_t cost = 0;
  for (const RunPlan& run : plan) cost += limits.run_overhead + run.rows * run.length;
  return cost;
}

// The least cost by trying every split.
size_t LeastCost(std::span<const size_t> lengths, const RunLimits& limits) {
  if (lengths.empty()) return 0;
  size_t least = SIZE_MAX;
  for (size_t n = 1; n <= std::min(lengths.size(), limits.max_rows); ++n) {
    const size_t length = PaddedLength(lengths[n - 1], limits);
    if (n > 1 && n * length > limits.max_elements) break;
    if (limits.few_shapes && !std::has_single_bit(n)) continue;
    least = std::min(least, limits.run_overhead + n * length + LeastCost(lengths.subspan(n), limits));
  }
  return least;
}

TEST(RunPlanTest, LikeLengthsRunTogether) {
  const std::vector<size_t> lengths(10, 7);
  const auto plan = PlanRuns(lengths, RunLimits{});
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0].rows, 10u);
  EXPECT_EQ(plan[0].length, 7u);
}

TEST(RunPlanTest, OneLongRowDoesNotPadTheShortOnes) {
  const std::vector<size_t> lengths = {5, 5, 5, 5, 200};
  const auto plan = PlanRuns(lengths, RunLimits{});
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[0].rows, 4u);
  EXPECT_EQ(plan[1].length, 200u);
}

TEST(RunPlanTest, ARowLongerThanTheLimitRunsAlone) {
  const std::vector<size_t> lengths = {600, 700};
  EXPECT_EQ(PlanRuns(lengths, RunLimits{}).size(), 2u);
}

TEST(RunPlanTest, RoundingStaysWithinWhatTheModelCanRead) {
  const RunLimits limits{.few_shapes = true, .max_length = 250};
  EXPECT_EQ(PaddedLength(31, limits), 31u);
  EXPECT_EQ(PaddedLength(33, limits), 34u);
  EXPECT_EQ(PaddedLength(129, limits), 136u);
  EXPECT_EQ(PaddedLength(249, limits), 250u);
}

TEST(RunPlanTest, EveryPlanCoversAllKeepsTheLimitsAndCostsLeast) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    RunLimits limits;
    limits.max_rows = 1 + random() % 8;
    limits.max_elements = 1 + random() % 200;
    limits.run_overhead = random() % 30;
    limits.few_shapes = random() % 2 == 0;
    std::vector<size_t> lengths(random() % 10);
    for (size_t& length : lengths) length = 1 + random() % 100;
    std::sort(lengths.begin(), lengths.end());

    const auto plan = PlanRuns(lengths, limits);
    size_t covered = 0;
    for (const RunPlan& run : plan) {
      ASSERT_GE(run.rows, 1u);
      ASSERT_LE(run.rows, limits.max_rows);
      ASSERT_TRUE(run.rows == 1 || run.rows * run.length <= limits.max_elements);
      covered += run.rows;
      ASSERT_GE(run.length, lengths[covered - 1]);
    }
    ASSERT_EQ(covered, lengths.size());
    ASSERT_EQ(Cost(plan, limits), LeastCost(lengths, limits));
  }
}

}  // namespace
}  // namespace starling::inference

#include "core/inference/batching/run_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace starling::inference {
namespace {

size_t Overhead(const RunLimits& limits) {
  return limits.run_overhead + (limits.few_shapes ? limits.reshape_overhead : 0);
}

size_t Cost(const std::vector<RunPlan>& plan, const RunLimits& limits) {
  size_t cost = 0;
  for (const RunPlan& run : plan) cost += Overhead(limits) + run.rows * run.length;
  return cost;
}

// The least cost by trying every split.
size_t LeastCost(std::span<const size_t> lengths, const RunLimits& limits) {
  if (lengths.empty()) return 0;
  size_t least = SIZE_MAX;
  for (size_t n = 1; n <= std::min(lengths.size(), limits.max_rows); ++n) {
    const size_t length = PaddedLength(lengths[n - 1], limits);
    if (n > 1 && n * length > limits.max_elements) break;
    if (!AllowedRows(n, limits)) continue;
    least = std::min(least, Overhead(limits) + n * length + LeastCost(lengths.subspan(n), limits));
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

TEST(RunPlanTest, FewShapesAllowFewRowCounts) {
  const RunLimits limits{.few_shapes = true};
  std::vector<size_t> allowed;
  for (size_t rows = 1; rows <= 40; ++rows) {
    EXPECT_TRUE(AllowedRows(rows, RunLimits{}));
    if (AllowedRows(rows, limits)) allowed.push_back(rows);
  }
  EXPECT_EQ(allowed, std::vector<size_t>({1, 2, 3, 4, 6, 8, 12, 16, 24, 32}));
}

TEST(RunPlanTest, TheWantedRowRunsWithItsLike) {
  const std::vector<size_t> lengths = {5, 5, 5, 5, 60, 61, 200};
  const RunLimits limits{.reshape_overhead = 0};
  const auto run_of = [&](size_t wanted) { return PlanRunOf(wanted, lengths, limits, RunPlan{}); };
  EXPECT_EQ(run_of(2).first, 0u);
  EXPECT_EQ(run_of(2).rows, 4u);
  EXPECT_EQ(run_of(5).first, 4u);
  EXPECT_EQ(run_of(5).length, 61u);
  EXPECT_EQ(run_of(6).rows, 1u);
}

TEST(RunPlanTest, TheShapeBeforeIsKeptWherePaddingCostsLess) {
  const RunLimits limits{.reshape_overhead = 12, .few_shapes = true};
  const std::vector<size_t> lengths(3, 10);
  const auto length_after = [&](RunPlan previous) { return PlanRunOf(0, lengths, limits, previous).length; };
  EXPECT_EQ(length_after({.rows = 3, .length = 14}), 14u);
  EXPECT_EQ(length_after({.rows = 3, .length = 15}), 10u);  // 15 more elements
  EXPECT_EQ(length_after({.rows = 3, .length = 9}), 10u);   // too short
  EXPECT_EQ(length_after({.rows = 4, .length = 10}), 10u);  // more than there are
  EXPECT_EQ(length_after({.rows = 1, .length = 10}), 10u);
  const RunPlan exact = PlanRunOf(0, lengths, RunLimits{.reshape_overhead = 12}, {.rows = 3, .length = 11});
  EXPECT_EQ(exact.length, 10u);  // this runtime does not mind
}

TEST(RunPlanTest, TheShapeBeforeIsFilledWithTheLongestThatFit) {
  const RunLimits limits{.run_overhead = 5, .reshape_overhead = 14, .few_shapes = true};
  const std::vector<size_t> lengths = {6, 7, 8, 9, 9, 10, 10, 11, 12, 12, 13, 14};
  // Of all twelve rows one run would be made, 14 long.
  const auto run_after = [&](RunPlan previous, size_t wanted) {
    return PlanRunOf(wanted, lengths, limits, previous);
  };
  const RunPlan later = run_after({.rows = 8, .length = 12}, 4);
  EXPECT_EQ(later.first, 2u);  // to the second of the two rows of 12
  EXPECT_EQ(later.rows, 8u);
  EXPECT_EQ(later.length, 12u);
  EXPECT_EQ(run_after({.rows = 8, .length = 12}, 1).first, 1u);     // the wanted row is always among them
  EXPECT_EQ(run_after({.rows = 8, .length = 12}, 10).length, 14u);  // it does not fit
  RunLimits few = limits;
  few.max_rows = 6;
  EXPECT_LE(PlanRunOf(4, lengths, few, {.rows = 8, .length = 12}).rows, 6u);
}

TEST(RunPlanTest, EveryPlanCoversAllKeepsTheLimitsAndCostsLeast) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    RunLimits limits;
    limits.max_rows = 1 + random() % 8;
    limits.max_elements = 1 + random() % 200;
    limits.run_overhead = random() % 30;
    limits.reshape_overhead = random() % 30;
    limits.few_shapes = random() % 2 == 0;
    std::vector<size_t> lengths(random() % 10);
    for (size_t& length : lengths) length = 1 + random() % 100;
    std::sort(lengths.begin(), lengths.end());

    const auto plan = PlanRuns(lengths, limits);
    size_t covered = 0;
    for (const RunPlan& run : plan) {
      ASSERT_EQ(run.first, covered);
      ASSERT_GE(run.rows, 1u);
      ASSERT_LE(run.rows, limits.max_rows);
      ASSERT_TRUE(run.rows == 1 || run.rows * run.length <= limits.max_elements);
      covered += run.rows;
      ASSERT_GE(run.length, lengths[covered - 1]);
    }
    ASSERT_EQ(covered, lengths.size());
    ASSERT_EQ(Cost(plan, limits), LeastCost(lengths, limits));
    for (size_t wanted = 0; wanted < lengths.size(); ++wanted) {
      const RunPlan previous{.rows = random() % 9, .length = 1 + random() % 100};
      const RunPlan run = PlanRunOf(wanted, lengths, limits, previous);
      ASSERT_GE(wanted, run.first);
      ASSERT_LT(wanted, run.first + run.rows);
      ASSERT_LE(run.first + run.rows, lengths.size());
      ASSERT_LE(run.rows, limits.max_rows);
      ASSERT_GE(run.length, lengths[run.first + run.rows - 1]);
    }
  }
}

}  // namespace
}  // namespace starling::inference

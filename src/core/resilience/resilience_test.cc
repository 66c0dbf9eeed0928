#include <gtest/gtest.h>

#include "core/resilience/backoff.h"
#include "core/resilience/breaker.h"
#include "core/resilience/retry_budget.h"

namespace starling::resilience {
namespace {

using std::chrono::milliseconds;

TEST(BackoffTest, DoublesUpToItsMaximumWithJitter) {
  Backoff backoff(milliseconds(100), milliseconds(1000));
  EXPECT_EQ(backoff.Next(0), milliseconds(50));
  EXPECT_EQ(backoff.Next(100), milliseconds(200));
  EXPECT_EQ(backoff.Next(0), milliseconds(200));
  for (int i = 0; i < 100; ++i) {
    const auto delay = backoff.Next(static_cast<uint64_t>(i) * 7919);
    EXPECT_GE(delay, milliseconds(400));
    EXPECT_LE(delay, milliseconds(1000));
  }
  backoff.Reset();
  EXPECT_EQ(backoff.Next(0), milliseconds(50));
}

TEST(RetryBudgetTest, RetriesAreAFractionOfTheLoad) {
  RetryBudget budget(0.1, 10);
  int retries = 0;
  for (int i = 0; i < 10000; ++i) {
    budget.OnFirstAttempt();
    if (budget.TryRetry()) ++retries;  // everything fails
  }
  EXPECT_GE(retries, 1000);
  EXPECT_LE(retries, 1011);
}

TEST(BreakerTest, OpensProbesAndCloses) {
  Breaker breaker(Breaker::Options{3, milliseconds(100), milliseconds(1000)});
  Breaker::Time now{};
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(breaker.Allow(now));
    breaker.OnResult(false, now);
  }
  EXPECT_EQ(breaker.state(now), Breaker::State::kOpen);
  EXPECT_FALSE(breaker.Allow(now));
  EXPECT_GT(breaker.RetryIn(now), milliseconds(0));
  now += milliseconds(100);
  EXPECT_TRUE(breaker.Allow(now));   // the probe
  EXPECT_FALSE(breaker.Allow(now));  // and nothing beside it
  breaker.OnResult(false, now);
  EXPECT_FALSE(breaker.Allow(now + milliseconds(99)));
  now += milliseconds(200);
  EXPECT_TRUE(breaker.Allow(now));
  breaker.OnAbandoned();
  EXPECT_TRUE(breaker.Allow(now));
  breaker.OnResult(true, now);
  EXPECT_EQ(breaker.state(now), Breaker::State::kClosed);
  EXPECT_TRUE(breaker.Allow(now));
}

TEST(BreakerTest, ASuccessBetweenFailuresKeepsItClosed) {
  Breaker breaker(Breaker::Options{3, milliseconds(100), milliseconds(1000)});
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(breaker.Allow({}));
    breaker.OnResult(i % 3 == 2, {});
  }
  EXPECT_EQ(breaker.state({}), Breaker::State::kClosed);
}

}  // namespace
}  // namespace starling::resilience

#include "services/models/traffic/trial.h"

#include <gmock/gmock.h>

namespace starling::models {
namespace {

using std::chrono::seconds;

constexpr int64_t kBegan = 1'800'000'000'000;

class TrialTest : public testing::Test {
 protected:
  TrialTest() {
    rule_.rule.set_stable("2");
    rule_.rule.set_window_s(60);
    rule_.trial = NewTrial("1", {.requests = 100, .failures = 3, .mean_s = 0.002, .p99_s = 0.004}, kBegan);
  }
  // What is left of it so many seconds after it began.
  seconds LeftAfter(int64_t passed_s) {
    const auto trial = ResumeTrial(rule_, {}, now_, kBegan + passed_s * 1000);
    return std::chrono::duration_cast<seconds>(trial->ends - now_);
  }

  StoredRule rule_;
  MonotonicTime now_{seconds(1000)};
};

TEST_F(TrialTest, WhatIsLeftFollowsFromItsBegin) {
  EXPECT_EQ(LeftAfter(0), seconds(60));
  EXPECT_EQ(LeftAfter(59), seconds(1));
}

TEST_F(TrialTest, OneThatNobodySawToItsEndBeginsAgain) {
  EXPECT_EQ(LeftAfter(60), seconds(60));
  EXPECT_EQ(LeftAfter(100'000), seconds(60));
}

TEST_F(TrialTest, AClockThatWasSetBackMakesItNoLonger) { EXPECT_EQ(LeftAfter(-3600), seconds(60)); }

TEST_F(TrialTest, ComparesWithTheFiguresThatSayMore) {
  EXPECT_EQ(ResumeTrial(rule_, {}, now_, kBegan)->baseline.requests, 100);
  EXPECT_DOUBLE_EQ(ResumeTrial(rule_, {.requests = 99}, now_, kBegan)->baseline.p99_s, 0.004);
  EXPECT_EQ(ResumeTrial(rule_, {.requests = 101}, now_, kBegan)->baseline.requests, 101);
}

TEST_F(TrialTest, ARuleWithoutOneHasNone) {
  rule_.trial.reset();
  EXPECT_FALSE(ResumeTrial(rule_, {.requests = 101}, now_, kBegan).has_value());
}

}  // namespace
}  // namespace starling::models

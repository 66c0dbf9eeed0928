#include "services/models/traffic/promotion.h"

#include <gmock/gmock.h>

namespace starling::models {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class PromotionTest : public testing::Test {
 protected:
  PromotionTest() {
    for (v1::TrafficLimits* limits : {rule_.mutable_roll_back(), rule_.mutable_promote()}) {
      limits->set_min_requests(100);
      limits->set_max_error_excess(0.02);
    }
  }
  void Run(ArmWindow& arm, int count, milliseconds latency, int failures = 0) {
    for (int i = 0; i < count; ++i) arm.AddRun(now_, latency, i < failures);
  }
  void Compare(int count, int differing) {
    for (int i = 0; i < count; ++i) candidate_.AddComparison(now_, i < differing);
  }
  Judgement Judge() {
    return models::Judge(rule_, "2", candidate_.Figures(now_), stable_.Figures(now_),
                         candidate_.IsFull(now_));
  }

  v1::TrafficRule rule_;
  MonotonicTime now_{seconds(1000)};  // a clock that the test moves
  ArmWindow stable_{seconds(60), now_}, candidate_{seconds(60), now_};
};

TEST_F(PromotionTest, TooFewRequestsSayNothing) {
  Run(stable_, 1000, milliseconds(5));
  Run(candidate_, 99, milliseconds(5), 99);
  EXPECT_EQ(Judge().verdict, Verdict::kStay);
  Run(candidate_, 1, milliseconds(5), 1);
  const Judgement judgement = Judge();
  EXPECT_EQ(judgement.verdict, Verdict::kRollBack);
  EXPECT_THAT(judgement.why, HasSubstr("error rate 1 (100 of 100) against 0 (0 of 1000)"));
}

TEST_F(PromotionTest, ErrorsThatTheStableVersionHasTooAreNotTheCandidates) {
  Run(stable_, 1000, milliseconds(5), 500);
  Run(candidate_, 200, milliseconds(5), 103);
  EXPECT_EQ(Judge().verdict, Verdict::kStay);
  Run(candidate_, 10, milliseconds(5), 10);
  EXPECT_EQ(Judge().verdict, Verdict::kRollBack);
}

TEST_F(PromotionTest, PromotesAfterAWholeWindowAlone) {
  Run(stable_, 1000, milliseconds(5));
  Run(candidate_, 200, milliseconds(5));
  EXPECT_EQ(Judge().verdict, Verdict::kStay);
  now_ += seconds(59);
  EXPECT_EQ(Judge().verdict, Verdict::kStay);
  now_ += seconds(1);
  const Judgement judgement = Judge();
  EXPECT_EQ(judgement.verdict, Verdict::kPromote);
  EXPECT_THAT(judgement.why, HasSubstr("200 requests"));
}

TEST_F(PromotionTest, WhatIsOlderThanTheWindowDoesNotCount) {
  Run(stable_, 1000, milliseconds(5));
  Run(candidate_, 200, milliseconds(5), 100);
  EXPECT_EQ(Judge().verdict, Verdict::kRollBack);
  now_ += seconds(67);
  EXPECT_EQ(Judge().verdict, Verdict::kStay);
  Run(candidate_, 200, milliseconds(5));
  EXPECT_EQ(Judge().verdict, Verdict::kPromote);
}

TEST_F(PromotionTest, LatencyIsComparedWithTheStableVersions) {
  rule_.mutable_roll_back()->set_max_p99_ratio(2);
  Run(candidate_, 200, milliseconds(50));
  EXPECT_EQ(Judge().verdict, Verdict::kStay) << "there is nothing to compare with";
  Run(stable_, 100, milliseconds(5));
  const Judgement judgement = Judge();
  EXPECT_EQ(judgement.verdict, Verdict::kRollBack);
  EXPECT_THAT(judgement.why, HasSubstr("p99 latency"));
}

TEST_F(PromotionTest, OneSlowRequestInAHundredIsNotTheP99) {
  rule_.mutable_roll_back()->set_max_p99_ratio(2);
  rule_.mutable_roll_back()->set_max_mean_ratio(5);
  Run(stable_, 1000, milliseconds(10));
  Run(candidate_, 990, milliseconds(10));
  Run(candidate_, 10, milliseconds(1000));
  EXPECT_EQ(Judge().verdict, Verdict::kStay);
  Run(candidate_, 10, milliseconds(3000));
  EXPECT_EQ(Judge().verdict, Verdict::kRollBack);
}

TEST_F(PromotionTest, TheMeanCountsToo) {
  rule_.mutable_roll_back()->set_max_mean_ratio(1.5);
  Run(stable_, 1000, milliseconds(10));
  Run(candidate_, 200, milliseconds(14));
  EXPECT_EQ(Judge().verdict, Verdict::kStay);
  Run(candidate_, 200, milliseconds(20));
  EXPECT_EQ(Judge().verdict, Verdict::kRollBack);
}

TEST_F(PromotionTest, AgreementDecidesInShadow) {
  rule_.mutable_roll_back()->set_min_agreement(0.95);
  rule_.mutable_promote()->set_min_agreement(0.99);
  Run(stable_, 1000, milliseconds(5));
  Run(candidate_, 200, milliseconds(5));
  now_ += seconds(60);
  EXPECT_EQ(Judge().verdict, Verdict::kStay) << "nothing was compared";
  Compare(200, 4);
  EXPECT_EQ(Judge().verdict, Verdict::kStay) << "between the two limits";
  Compare(300, 0);
  EXPECT_EQ(Judge().verdict, Verdict::kPromote);
  Compare(100, 40);
  const Judgement judgement = Judge();
  EXPECT_EQ(judgement.verdict, Verdict::kRollBack);
  EXPECT_THAT(judgement.why, HasSubstr("agreement 0.9267 (44 of 600 differ), limit 0.95"));
}

TEST_F(PromotionTest, WithoutLimitsNothingMoves) {
  rule_.Clear();
  Run(stable_, 1000, milliseconds(5));
  Run(candidate_, 1000, milliseconds(500), 1000);
  now_ += seconds(60);
  EXPECT_EQ(Judge().verdict, Verdict::kStay);
}

TEST(ArmWindowTest, CountsAndPercentiles) {
  const MonotonicTime now{seconds(5)};
  ArmWindow window(seconds(10), now);
  for (int i = 1; i <= 1000; ++i) window.AddRun(now, milliseconds(i), false);
  const ArmFigures figures = window.Figures(now);
  EXPECT_EQ(figures.requests, 1000);
  EXPECT_NEAR(figures.mean_s, 0.5005, 1e-6);
  EXPECT_GE(figures.p99_s, 0.99);
  EXPECT_LE(figures.p99_s, 0.99 * 1.09);
}

TEST_F(PromotionTest, WhatNobodyWaitedForIsSlowButNoFailure) {
  rule_.mutable_roll_back()->set_max_p99_ratio(2);
  Run(stable_, 1000, milliseconds(5));
  for (int i = 0; i < 99; ++i) candidate_.AddAbandoned(now_, milliseconds(50));
  EXPECT_EQ(Judge().verdict, Verdict::kStay);
  candidate_.AddAbandoned(now_, milliseconds(50));
  const Judgement judgement = Judge();
  EXPECT_EQ(judgement.verdict, Verdict::kRollBack);
  EXPECT_THAT(judgement.why, HasSubstr("(of 100 callers 100 did not wait for it)"));
  EXPECT_THAT(judgement.why, Not(HasSubstr("error rate")));
}

TEST_F(PromotionTest, CallersThatGoEarlyMakeNothingSlow) {
  rule_.mutable_roll_back()->set_max_p99_ratio(2);
  Run(stable_, 1000, milliseconds(5));
  Run(candidate_, 100, milliseconds(5));
  for (int i = 0; i < 1000; ++i) candidate_.AddAbandoned(now_, milliseconds(1));
  EXPECT_EQ(Judge().verdict, Verdict::kStay);
}

}  // namespace
}  // namespace starling::models

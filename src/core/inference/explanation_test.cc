#include "core/inference/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "absl/status/status.h"

namespace starling::inference {
namespace {

std::string Bytes(const std::vector<float>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float)};
}

TEST(ExplanationTest, TheStrongestComeFirstAndAllAddUp) {
  const auto explanation = Explain(Bytes({0.25f}), Bytes({0.5f, -2.0f, 0.0f, 1.0f, -0.25f, -3.0f}), 5, 2);
  ASSERT_TRUE(explanation.ok()) << explanation.status();
  EXPECT_EQ(explanation->probability, 0.25);
  EXPECT_EQ(explanation->baseline, -3);
  ASSERT_EQ(explanation->reasons.size(), 2u);
  EXPECT_EQ(explanation->reasons[0].feature, 1u);
  EXPECT_EQ(explanation->reasons[0].contribution, -2);
  EXPECT_EQ(explanation->reasons[1].feature, 3u);
  EXPECT_EQ(explanation->others, 0.25);
  EXPECT_EQ(explanation->log_odds, -3.75);
}

TEST(ExplanationTest, WhatMovedNothingIsNoReason) {
  const auto explanation = Explain(Bytes({0.5f}), Bytes({0.0f, 1.0f, 0.0f, 0.0f}), 3, 9);
  ASSERT_TRUE(explanation.ok()) << explanation.status();
  EXPECT_EQ(explanation->reasons.size(), 1u);
}

TEST(ExplanationTest, AnswersThatCannotBeAreErrors) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& [probability, contributions] :
       std::vector<std::pair<std::string, std::string>>{{"", Bytes({1, 2})},
                                                        {Bytes({0.5f}), Bytes({1})},
                                                        {Bytes({nan}), Bytes({1, 2})},
                                                        {Bytes({0.5f}), Bytes({nan, 2})}}) {
    EXPECT_EQ(Explain(probability, contributions, 1, 5).status().code(), absl::StatusCode::kInternal);
  }
}

}  // namespace
}  // namespace starling::inference

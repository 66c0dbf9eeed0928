#include "keyword/rule.h"

#include <gtest/gtest.h>

namespace starling::bench {
namespace {

TEST(RuleTest, CountsWordsWithoutCaseAndMarks) {
  EXPECT_EQ(Judge("I LOVE it, great!").sentiment, "positive");
  EXPECT_DOUBLE_EQ(Judge("I LOVE it, great!").confidence, 0.75);
  EXPECT_EQ(Judge("The worst of all, and good only to be broken").sentiment, "negative");
  EXPECT_DOUBLE_EQ(Judge("The worst of all, and good only to be broken").confidence, 2.0 / 3);
}

TEST(RuleTest, NothingOrBothIsNeutral) {
  EXPECT_EQ(Judge("").sentiment, "neutral");
  EXPECT_EQ(Judge("good and bad").sentiment, "neutral");
  EXPECT_EQ(Judge("goodness ?! extraordinarily").sentiment, "neutral");
}

}  // namespace
}  // namespace starling::bench

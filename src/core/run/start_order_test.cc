#include "core/run/start_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace starling::run {
namespace {

using testing::ElementsAre;

TEST(StartOrderTest, NeedsComeFirst) {
  const std::vector<Need> parts = {
      {"agents", {"chat", "models"}}, {"chat", {"models"}}, {"models", {}}, {"spam", {}}};
  EXPECT_THAT(*StartOrder(parts), ElementsAre("models", "chat", "agents", "spam"));
}

TEST(StartOrderTest, ACycleIsToldWithItsChain) {
  const std::vector<Need> parts = {{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}};
  EXPECT_EQ(StartOrder(parts).status().message(), "Services need each other in a circle: b -> c -> b.");
}

TEST(StartOrderTest, AMissingNeedIsNamed) {
  const std::vector<Need> parts = {{"sentiment", {"models"}}};
  EXPECT_EQ(StartOrder(parts).status().message(), "Service sentiment needs models, which is not configured.");
}

}  // namespace
}  // namespace starling::run

#include "services/models/traffic/traffic_split.h"

#include <gtest/gtest.h>

#include <random>

#include "base/strings.h"

namespace starling::models {
namespace {

int Moved(const TrafficSplit& a, const TrafficSplit& b) {
  int moved = 0;
  for (int slot = 0; slot < TrafficSplit::kSlots; ++slot) {
    if (a.VersionAt(slot) != b.VersionAt(slot)) ++moved;
  }
  return moved;
}

TEST(TrafficSplitTest, SharesAreAsTheySay) {
  const TrafficSplit split = TrafficSplit("1").Changed("1", {{"2", 1000}, {"3", 250}});
  EXPECT_EQ(split.SlotsOf("1"), 8750);
  EXPECT_EQ(split.SlotsOf("2"), 1000);
  EXPECT_EQ(split.SlotsOf("3"), 250);
  EXPECT_EQ(split.SlotsOf("4"), 0);
}

TEST(TrafficSplitTest, ALargerShareTakesFromTheLoserAlone) {
  const TrafficSplit before = TrafficSplit("1").Changed("1", {{"2", 1000}, {"3", 1000}});
  const TrafficSplit after = before.Changed("1", {{"2", 3000}, {"3", 1000}});
  for (int slot = 0; slot < TrafficSplit::kSlots; ++slot) {
    if (before.VersionAt(slot) == after.VersionAt(slot)) continue;
    EXPECT_EQ(before.VersionAt(slot), "1");
    EXPECT_EQ(after.VersionAt(slot), "2");
  }
  EXPECT_EQ(Moved(before, after), 2000);
}

// Property: whatever the shares were and become, no more slots move than the gains are in sum.
TEST(TrafficSplitTest, NothingMovesThatNeedNot) {
  std::mt19937 random(7);
  TrafficSplit split("1");
  for (int round = 0; round < 300; ++round) {
    const std::string stable = StrCat(random() % 4);
    std::map<std::string, int> shares;
    int left = TrafficSplit::kSlots;
    for (const char* version : {"0", "1", "2", "3", "4"}) {
      if (version == stable || random() % 3 == 0) continue;
      shares[version] = static_cast<int>(random() % static_cast<unsigned>(left + 1));
      left -= shares[version];
    }
    const TrafficSplit next = split.Changed(stable, shares);
    int gains = 0;
    for (const char* version : {"0", "1", "2", "3", "4"}) {
      const int wanted = version == stable ? left : shares[version];
      EXPECT_EQ(next.SlotsOf(version), wanted);
      gains += std::max(0, wanted - split.SlotsOf(version));
    }
    EXPECT_EQ(Moved(split, next), gains);
    const auto read = TrafficSplit::FromText(next.ToText());
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(Moved(next, *read), 0);
    split = next;
  }
}

TEST(TrafficSplitTest, KeysFollowTheSharesWithinChance) {
  const TrafficSplit split = TrafficSplit("1").Changed("1", {{"2", 1000}});
  constexpr int kKeys = 100000;
  int at_two = 0;
  for (int i = 0; i < kKeys; ++i) {
    if (split.VersionAt(SlotOf("fraud@champion", StrCat("user-", i))) == "2") ++at_two;
  }
  // Five standard deviations of a binomial distribution.
  EXPECT_NEAR(at_two, kKeys / 10.0, 5 * 95);
}

// Kept as numbers: the same key must mean the same version after an update of the program and on every replica. They were worked out
// by another program.
TEST(TrafficSplitTest, TheHashNeverChanges) {
  EXPECT_EQ(SlotOf("fraud@champion", "user-1"), 493);
  EXPECT_EQ(SlotOf("fraud@champion", ""), 8689);
  EXPECT_EQ(SlotOf("churn@champion", "user-1"), 3372);
}

TEST(TrafficSplitTest, ABrokenTextIsRefused) {
  EXPECT_TRUE(TrafficSplit::FromText("10000 2\n").ok());
  for (const char* text :
       {"", "9999 1\n", "10001 1\n", "5000 1\n6000 2\n", "x", "10000 1", "10000", "-1 1\n", "10000\n1"})
    EXPECT_FALSE(TrafficSplit::FromText(text).ok()) << text;
}

}  // namespace
}  // namespace starling::models

#include "services/models/repository/model_lanes.h"

#include <gmock/gmock.h>

#include <latch>
#include <vector>

#include "core/async/spawn.h"

namespace starling::models {
namespace {

using testing::ElementsAre;

TEST(ModelLanesTest, AModelThatIsSlowHoldsNoOtherUp) {
  std::latch go{1};
  ModelLanes lanes(2);
  lanes.Post("slow", [&] { go.wait(); });
  EXPECT_EQ(async::BlockOn(lanes.Run("quick", [] { return 7; })), 7);
  EXPECT_EQ(async::BlockOn(lanes.Run("another", [] { return 8; })), 8);
  go.count_down();
}

TEST(ModelLanesTest, OneModelsWorkIsDoneInItsOrder) {
  std::vector<int> order;  // without a lock: one after the other
  {
    ModelLanes lanes(4);
    for (int i = 0; i < 100; ++i) lanes.Post("a", [&order, i] { order.push_back(i); });
  }
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST(ModelLanesTest, NoMoreRunThanThereAreThreads) {
  std::latch two{2};
  std::latch go{1};
  ModelLanes lanes(2);
  for (const char* model : {"a", "b"}) {
    lanes.Post(model, [&] {
      two.count_down();
      go.wait();
    });
  }
  two.wait();
  lanes.Post("c", [] {});
  lanes.Post("a", [] {});
  EXPECT_EQ(lanes.running(), 2u);
  EXPECT_EQ(lanes.waiting(), 2u);
  go.count_down();
}

TEST(ModelLanesTest, TakesNothingForAModelThatIsBusyIfToldSo) {
  std::vector<int> order;
  std::latch go{1};
  {
    ModelLanes lanes(1);
    lanes.Post("a", [&] { go.wait(); });
    EXPECT_FALSE(lanes.PostIfIdle("a", [&] { order.push_back(1); }));
    EXPECT_TRUE(lanes.PostIfIdle("b", [&] { order.push_back(2); }));
    go.count_down();
  }
  EXPECT_THAT(order, ElementsAre(2));
}

TEST(ModelLanesTest, WorkThatPostsWorkIsFinishedToo) {
  int done = 0;
  {
    ModelLanes lanes(1);
    lanes.Post("a", [&] { lanes.Post("b", [&] { lanes.Post("a", [&] { ++done; }); }); });
  }
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace starling::models

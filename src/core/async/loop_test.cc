#include "core/async/loop.h"

#include <gtest/gtest.h>

#include <atomic>

#include "core/async/completion.h"
#include "core/async/sleep.h"
#include "core/async/spawn.h"

namespace starling::async {
namespace {

using std::chrono::milliseconds;

Task<absl::Status> SleepThenCancelled() {
  CancelSource source;
  Loop* const loop = Loop::Current();
  const Timer timer = loop->After(milliseconds(1), [&source] { source.Cancel(); });
  co_return co_await Sleep(std::chrono::hours(1), source.token());
}

TEST(SleepTest, CancellationEndsIt) {
  EXPECT_EQ(BlockOn(SleepThenCancelled()).code(), absl::StatusCode::kCancelled);
}

Task<bool> DroppedTimer() {
  bool fired = false;
  {
    const Timer timer = Loop::Current()->After(milliseconds(1), [&fired] { fired = true; });
  }
  (void)co_await Sleep(milliseconds(5));
  co_return !fired;
}

TEST(TimerTest, DroppedTimersDoNotFire) { EXPECT_TRUE(BlockOn(DroppedTimer())); }

Task<int> WaitFor(Completion<int>* completion) { co_return co_await *completion; }

TEST(CompletionTest, AnotherThreadDelivers) {
  for (int round = 0; round < 100; ++round) {
    LoopGroup others(1);
    Completion<int> completion;
    const auto completer = completion.completer();
    others.at(0).Post([completer] {
      completer.Set(4);
      completer.Set(5);
    });
    EXPECT_EQ(BlockOn(WaitFor(&completion)), 4);
  }
}

TEST(LoopGroupTest, EveryLoopRunsWhatIsPostedToIt) {
  std::atomic<int> wrong{0}, runs{0};
  {
    LoopGroup loops(3);
    for (size_t i = 0; i < loops.size(); ++i) {
      Loop* expected = &loops.at(i);
      expected->Post([&, expected] {
        ++runs;
        if (Loop::Current() != expected) ++wrong;
      });
    }
  }
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(AvailableCores(), 1u);
}

}  // namespace
}  // namespace starling::async

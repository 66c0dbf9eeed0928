#include "core/async/loop.h"

#include <gtest/gtest.h>

#include <atomic>

#include "core/async/completion.h"
#include "core/async/sleep.h"
#include "core/async/spawn.h"
#include "core/async/time_slice.h"

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

// Where the kernel knows slices of threads: those of loops are shorter than what they compete with.
TEST(LoopGroupTest, LoopsAskForShortTimeSlices) {
  using std::chrono::nanoseconds;
  const nanoseconds usual = TimeSlice();
  nanoseconds of_loop{-1};
  {
    LoopGroup loops(1);
    loops.at(0).Post([&of_loop] { of_loop = TimeSlice(); });
  }
  if (usual == nanoseconds(0)) GTEST_SKIP() << "this kernel does not say";
  EXPECT_EQ(of_loop, std::chrono::microseconds(100));
  EXPECT_LT(of_loop, usual);
  EXPECT_EQ(TimeSlice(), usual);
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

#include "core/async/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <thread>

#include "core/async/pool.h"
#include "core/async/sleep.h"
#include "core/async/spawn.h"

namespace starling::async {
namespace {

Task<int> Return(int value) { co_return value; }

Task<int> Sum(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await Return(1);
  co_return sum;
}

TEST(TaskTest, LongLoopsOverReadyTasksDoNotGrowTheStack) { EXPECT_EQ(BlockOn(Sum(1000000)), 1000000); }

Task<std::unique_ptr<int>> MoveOnly() { co_return std::make_unique<int>(7); }

TEST(TaskTest, MovesItsResult) { EXPECT_EQ(*BlockOn(MoveOnly()), 7); }

Task<int> Throw() {
  throw std::runtime_error("x");
  co_return 1;
}

Task<bool> Catches() {
  try {
    co_await Throw();
  } catch (const std::runtime_error&) {
    co_return true;
  }
  co_return false;
}

TEST(TaskTest, ExceptionsReachTheAwaiter) { EXPECT_TRUE(BlockOn(Catches())); }

TEST(TaskTest, NeverAwaitedIsFree) { auto unused = Return(1); }

Task<bool> HopsBack(Pool* pool) {
  Loop* const loop = Loop::Current();
  for (int i = 0; i < 1000; ++i) {
    auto work = [] { return std::this_thread::get_id(); };
    auto where = co_await pool->Run(work);
    if (!where.ok() || *where == std::this_thread::get_id() || Loop::Current() != loop) co_return false;
  }
  co_return true;
}

TEST(PoolTest, ResultsComeBackToTheOwnersLoop) {
  Pool pool("test", 2, 10);
  EXPECT_TRUE(BlockOn(HopsBack(&pool)));
}

TEST(PoolTest, AFullQueueRefuses) {
  Pool pool("test", 0, 1);  // no thread: nothing is ever taken out
  EXPECT_TRUE(pool.TryRun([] {}));
  EXPECT_FALSE(pool.TryRun([] {}));
  auto work = [] { return 1; };
  EXPECT_EQ(BlockOn(pool.Run(work)).status().code(), absl::StatusCode::kResourceExhausted);
}

Task<void> AddAfter(int millis, int* sum) {
  (void)co_await Sleep(std::chrono::milliseconds(millis));
  ++*sum;
}

Task<int> Group() {
  int sum = 0;
  TaskGroup group;
  for (int i = 0; i < 10; ++i) group.Start(AddAfter(i % 3, &sum));
  co_await group.Join();
  co_return sum;
}

TEST(TaskGroupTest, JoinWaitsForAll) { EXPECT_EQ(BlockOn(Group()), 10); }

}  // namespace
}  // namespace starling::async

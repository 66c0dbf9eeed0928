#include "core/inference/batching/batcher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/status.h"
#include "core/async/spawn.h"
#include "core/inference/batching/batch_choice.h"
#include "core/inference/batching/batcher_test.h"

namespace starling::inference {
namespace {

using async::BlockOn;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST(BatcherTest, AnIdleInstanceRunsOneRowAtOnce) {
  const auto batcher = MakeBatcher(Sum);
  const auto result = BlockOn(batcher->Run(RequestContext(), MakeRows(1, 3)));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Value((*result)[0]), 3);
}

TEST(BatcherTest, NoRowsNeedNoRun) {
  const auto batcher = MakeBatcher(Sum);
  EXPECT_TRUE(BlockOn(batcher->Run(RequestContext(), {}))->empty());
}

TEST(BatcherTest, AFreeInstanceRunsTheOldestRowAndThoseOfLikeLength) {
  Gate gate;
  async::LoopGroup loops(1);
  const auto batcher = MakeBatcher(gate.function());
  Call first(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1));
  gate.WaitForRuns(1);
  Call shorts(loops.at(0), *batcher, RequestContext(), MakeRows(6, 4));
  Call longest(loops.at(0), *batcher, RequestContext(), MakeRows(1, 50));
  Call middle(loops.at(0), *batcher, RequestContext(), MakeRows(1, 5));
  while (batcher->queued() < 8) std::this_thread::yield();
  gate.Open();
  EXPECT_EQ(Value((*longest.Wait())[0]), 50);
  EXPECT_EQ(Value((*shorts.Wait())[5]), 4);
  EXPECT_EQ(Value((*middle.Wait())[0]), 5);
  EXPECT_TRUE(first.Wait().ok());
  const auto shapes = gate.shapes();
  ASSERT_EQ(shapes.size(), 3u);
  EXPECT_EQ(shapes[1], Shape({7, 5}));
  EXPECT_EQ(shapes[2], Shape({1, 50}));
}

// Both instances are busy: the first that is done does not take all, or the other would have nothing to do until callers ask again.
TEST(BatcherTest, AnInstanceLeavesSomeOfAShortQueueToTheOthers) {
  Gate gate;
  async::LoopGroup loops(1);
  const auto batcher = MakeBatcher(gate.function(), {}, 2);
  Call one(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1));
  gate.WaitForRuns(1);
  Call two(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1));
  gate.WaitForRuns(2);
  Call waiting(loops.at(0), *batcher, RequestContext(), MakeRows(12, 4));
  while (batcher->queued() < 12) std::this_thread::yield();
  gate.LetOneGo();
  gate.WaitForRuns(3);
  EXPECT_GE(batcher->queued(), 4u);
  gate.Open();
  EXPECT_EQ(waiting.Wait()->size(), 12u);
  EXPECT_TRUE(one.Wait().ok() && two.Wait().ok());
}

TEST(BatcherTest, SharesOfTheQueue) {
  const auto share = [](size_t waiting, size_t idle, size_t instances, bool pads) {
    return ShareOf(waiting, idle, instances, pads, 32);
  };
  EXPECT_EQ(share(10, 1, 2, true), 5u);  // the idle one has its part
  EXPECT_EQ(share(11, 2, 3, false), 4u);
  EXPECT_EQ(share(1, 0, 2, true), 1u);
  EXPECT_EQ(share(2, 0, 2, true), 2u);
  EXPECT_EQ(share(12, 0, 2, true), 8u);
  EXPECT_EQ(share(12, 0, 1, true), 12u);   // there is no other
  EXPECT_EQ(share(12, 0, 2, false), 12u);  // runs are short
  EXPECT_EQ(share(100, 0, 2, true), 32u);  // enough for all
}

TEST(BatcherTest, ARequestWaitsForOneRunOfEachBeforeItAtMost) {
  Gate gate;
  async::LoopGroup loops(1);
  const auto batcher = MakeBatcher(gate.function());
  Call running(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1));
  gate.WaitForRuns(1);
  // Many that go well together, whenever an instance is free, and one that goes with none of them.
  Call crowd(loops.at(0), *batcher, RequestContext(), MakeRows(500, 4));
  Call lonely(loops.at(0), *batcher, RequestContext(), MakeRows(1, 90));
  Call more(loops.at(0), *batcher, RequestContext(), MakeRows(500, 4));
  while (batcher->queued() < 1001) std::this_thread::yield();
  for (int i = 0; i < 3; ++i) gate.LetOneGo();
  EXPECT_EQ(Value((*lonely.Wait())[0]), 90);
  EXPECT_EQ(gate.shapes()[2], Shape({1, 90}));
  gate.Open();
  EXPECT_TRUE(running.Wait().ok());
  EXPECT_EQ(crowd.Wait()->size(), 500u);
  EXPECT_EQ(more.Wait()->size(), 500u);
}

TEST(BatcherTest, AFullQueueRefusesAndSaysWhenToComeBack) {
  Gate gate;
  async::LoopGroup loops(1);
  const auto batcher = MakeBatcher(gate.function(), {.queue = {.policy = {.max_queue = 2}}});
  Call running(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1));
  gate.WaitForRuns(1);
  Call waiting(loops.at(0), *batcher, RequestContext(), MakeRows(2, 1));
  while (batcher->queued() < 2) std::this_thread::yield();
  const absl::Status status = BlockOn(batcher->Run(RequestContext(), MakeRows(1, 1))).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(RetryAfter(status).has_value());
  gate.Open();
  EXPECT_TRUE(running.Wait().ok());
  EXPECT_TRUE(waiting.Wait().ok());
}

TEST(BatcherTest, ALargeRequestDelaysASmallOneByOneBatchOnly) {
  Gate gate;
  async::LoopGroup loops(1);
  const auto batcher =
      MakeBatcher(gate.function(), {.run = {.max_rows = 8}, .queue = {.policy = {.max_queue = 2000}}});
  Call large(loops.at(0), *batcher, RequestContext(), MakeRows(1000, 1));
  gate.WaitForRuns(1);
  Call small(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1));
  while (batcher->queued() < 993) std::this_thread::yield();
  gate.LetOneGo();
  gate.LetOneGo();
  EXPECT_TRUE(small.Wait().ok());
  EXPECT_LE(gate.shapes().size(), 3u);
  gate.Open();
  EXPECT_EQ(large.Wait()->size(), 1000u);
  for (const Shape& shape : gate.shapes()) EXPECT_LE(shape[0], 8);
}

TEST(BatcherTest, ACancelledRequestLeavesTheQueueAtOnce) {
  Gate gate;
  async::LoopGroup loops(1);
  const auto batcher = MakeBatcher(gate.function());
  Call running(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1));
  gate.WaitForRuns(1);
  CancelSource source;
  Call waiting(loops.at(0), *batcher, RequestContext().WithCancel(source.token()), MakeRows(3, 2));
  while (batcher->queued() < 3) std::this_thread::yield();
  source.Cancel();
  EXPECT_EQ(waiting.Wait().status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(batcher->queued(), 0u);
  gate.Open();
  EXPECT_TRUE(running.Wait().ok());
  EXPECT_EQ(gate.shapes().size(), 1u);
}

TEST(BatcherTest, ACancelledRunIsNotWaitedFor) {
  Gate gate;
  async::LoopGroup loops(1);
  const auto batcher = MakeBatcher(gate.function());
  CancelSource source;
  Call running(loops.at(0), *batcher, RequestContext().WithCancel(source.token()), MakeRows(1, 1));
  gate.WaitForRuns(1);
  source.Cancel();
  EXPECT_EQ(running.Wait().status().code(), absl::StatusCode::kCancelled);
  gate.Open();
}

TEST(BatcherTest, NoRunStartsAfterTheDeadline) {
  Gate gate;
  async::LoopGroup loops(1);
  const auto batcher = MakeBatcher(gate.function());
  Call running(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1));
  gate.WaitForRuns(1);
  const auto begin = steady_clock::now();
  Call waiting(loops.at(0), *batcher, RequestContext().WithDeadline(begin + milliseconds(20)),
               MakeRows(1, 2));
  EXPECT_EQ(waiting.Wait().status().code(),
            absl::StatusCode::kDeadlineExceeded);  // though the instance is still busy
  EXPECT_GE(steady_clock::now(), begin + milliseconds(20));
  gate.Open();
  EXPECT_TRUE(running.Wait().ok());
  EXPECT_EQ(gate.shapes().size(), 1u);
}

TEST(BatcherTest, AFailingRunIsTheAnswerOfItsRequestsAlone) {
  std::atomic<int> runs{0};
  const auto fail_first = [&runs](std::span<const Tensor> inputs) -> absl::StatusOr<std::vector<Tensor>> {
    if (runs++ == 0) return Internal("broken");
    return Sum(inputs);
  };
  const auto batcher = MakeBatcher(fail_first);
  EXPECT_EQ(BlockOn(batcher->Run(RequestContext(), MakeRows(2, 1))).status().code(),
            absl::StatusCode::kInternal);
  EXPECT_TRUE(BlockOn(batcher->Run(RequestContext(), MakeRows(2, 1))).ok());
}

TEST(BatcherTest, AWrongRowIsRefusedBeforeTheQueue) {
  const auto batcher = MakeBatcher(Sum);
  std::vector<Row> rows = {{MakeTensor<float>(DataType::kFp32, {1}, std::vector<float>{1})}};
  EXPECT_EQ(BlockOn(batcher->Run(RequestContext(), std::move(rows))).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(BatcherTest, WhatWaitsWhenItEndsIsAnswered) {
  Gate gate;
  async::LoopGroup loops(1);
  auto batcher = MakeBatcher(gate.function());
  Call running(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1));
  gate.WaitForRuns(1);
  Call waiting(loops.at(0), *batcher, RequestContext(), MakeRows(1, 2));
  while (batcher->queued() < 1) std::this_thread::yield();
  std::thread destroyer([&batcher] { batcher.reset(); });
  EXPECT_EQ(waiting.Wait().status().code(), absl::StatusCode::kUnavailable);
  gate.Open();
  destroyer.join();
  EXPECT_TRUE(running.Wait().ok());
}

}  // namespace
}  // namespace starling::inference

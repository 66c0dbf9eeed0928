// What requests and models say of waiting: priorities, time-outs, delays.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <thread>

#include "base/status.h"
#include "core/async/spawn.h"
#include "core/inference/batching/batcher.h"
#include "core/inference/batching/batcher_test.h"

namespace starling::inference {
namespace {

using async::BlockOn;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kEnoughToBegin(500);  // on a busy machine too

// Three priorities, 2 unless a request says otherwise.
BatcherOptions WithPriorities() {
  BatcherOptions options;
  options.queue.levels.resize(3);
  options.queue.default_priority = 2;
  options.run.max_rows = 1;
  return options;
}

void WaitUntilQueued(const Batcher& batcher, size_t rows) {
  while (batcher.queued() < rows) std::this_thread::yield();
}

TEST(QueueTermsTest, AnUnknownPriorityIsTheDefault) {
  const QueueOptions queue = WithPriorities().queue;
  EXPECT_EQ(queue.LevelOf(1), 0u);
  EXPECT_EQ(queue.LevelOf(3), 2u);
  EXPECT_EQ(queue.LevelOf(0), 1u);
  EXPECT_EQ(queue.LevelOf(4), 1u);
  EXPECT_EQ(QueueOptions().LevelOf(7), 0u);
}

TEST(QueueTermsTest, ARequestShortensATimeoutWhereItMay) {
  EXPECT_EQ(QueuePolicy{.timeout = microseconds(5)}.TimeoutFor(microseconds(2)), microseconds(5));
  const QueuePolicy open{.timeout = microseconds(5), .allow_timeout_override = true};
  EXPECT_EQ(open.TimeoutFor(microseconds(2)), microseconds(2));
  EXPECT_EQ(open.TimeoutFor(microseconds(9)), microseconds(5));
  EXPECT_EQ(open.TimeoutFor(microseconds(0)), microseconds(5));
  const QueuePolicy unbounded{.allow_timeout_override = true};
  EXPECT_EQ(unbounded.TimeoutFor(microseconds(9)), microseconds(9));
}

TEST(QueueTermsTest, AHighPriorityOvertakes) {
  Gate gate;
  async::LoopGroup loops(1);
  const auto batcher = MakeBatcher(gate.function(), WithPriorities());
  Call running(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1));
  gate.WaitForRuns(1);
  // Told apart by their lengths, which the runs show.
  Call low(loops.at(0), *batcher, RequestContext(), MakeRows(1, 30), {.priority = 3});
  WaitUntilQueued(*batcher, 1);
  Call usual(loops.at(0), *batcher, RequestContext(), MakeRows(1, 20));
  WaitUntilQueued(*batcher, 2);
  Call high(loops.at(0), *batcher, RequestContext(), MakeRows(1, 10), {.priority = 1});
  WaitUntilQueued(*batcher, 3);
  gate.Open();
  for (Call* call : {&running, &low, &usual, &high}) EXPECT_TRUE(call->Wait().ok());
  const auto shapes = gate.shapes();
  ASSERT_EQ(shapes.size(), 4u);
  EXPECT_EQ(shapes[1], Shape({1, 10}));
  EXPECT_EQ(shapes[2], Shape({1, 20}));
  EXPECT_EQ(shapes[3], Shape({1, 30}));
}

TEST(QueueTermsTest, AFullLevelRefusesItsOwnAlone) {
  Gate gate;
  async::LoopGroup loops(1);
  BatcherOptions options = WithPriorities();
  options.queue.levels[2].max_queue = 2;
  const auto batcher = MakeBatcher(gate.function(), options);
  Call running(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1));
  gate.WaitForRuns(1);
  Call low(loops.at(0), *batcher, RequestContext(), MakeRows(2, 1), {.priority = 3});
  WaitUntilQueued(*batcher, 2);
  auto more = batcher->Run(RequestContext(), MakeRows(1, 1), nullptr, {.priority = 3});
  EXPECT_EQ(BlockOn(std::move(more)).status().code(), absl::StatusCode::kResourceExhausted);
  Call high(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1), {.priority = 1});
  gate.Open();
  for (Call* call : {&running, &low, &high}) EXPECT_TRUE(call->Wait().ok());
}

TEST(QueueTermsTest, WhoWaitsTooLongIsRefusedWhileTheInstanceIsBusy) {
  Gate gate;
  async::LoopGroup loops(1);
  std::atomic<int> timeouts{0};
  BatcherOptions options;
  options.queue.policy = {.timeout = hours(1), .allow_timeout_override = true};
  options.on_timeout = [&timeouts] { ++timeouts; };
  const auto batcher = MakeBatcher(gate.function(), options);
  Call running(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1));
  gate.WaitForRuns(1);
  const auto begin = steady_clock::now();
  Call waiting(loops.at(0), *batcher, RequestContext(), MakeRows(3, 2), {.timeout = milliseconds(20)});
  const absl::Status status = waiting.Wait().status();
  EXPECT_GE(steady_clock::now(), begin + milliseconds(20));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(RetryAfter(status).has_value());
  EXPECT_EQ(batcher->queued(), 0u);
  EXPECT_EQ(timeouts, 1);
  gate.Open();
  EXPECT_TRUE(running.Wait().ok());
  EXPECT_EQ(gate.shapes().size(), 1u);
  EXPECT_EQ(timeouts, 1);
}

TEST(QueueTermsTest, WhileItsLoopIsBusyTheInstanceRefusesWhoWaitedTooLong) {
  Gate gate;
  std::latch release(1);
  async::LoopGroup loops(2);
  BatcherOptions options;
  options.queue.policy.allow_timeout_override = true;
  const auto batcher = MakeBatcher(gate.function(), options);
  Call running(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1));
  gate.WaitForRuns(1);
  Call waiting(loops.at(1), *batcher, RequestContext(), MakeRows(1, 2), {.timeout = kEnoughToBegin});
  loops.at(1).Post([&release] { release.wait(); });  // its timer can't fire
  WaitUntilQueued(*batcher, 1);
  const auto until = steady_clock::now() + kEnoughToBegin;
  while (steady_clock::now() < until) std::this_thread::yield();
  gate.Open();
  while (batcher->queued() > 0) std::this_thread::yield();
  release.count_down();
  EXPECT_EQ(waiting.Wait().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(running.Wait().ok());
  EXPECT_EQ(gate.shapes().size(), 1u);
}

TEST(QueueTermsTest, ARequestThatHasBegunIsNotRefusedForWaiting) {
  Gate gate;
  async::LoopGroup loops(1);
  BatcherOptions options;
  options.run.max_rows = 1;
  options.queue.policy.timeout = kEnoughToBegin;
  const auto batcher = MakeBatcher(gate.function(), options);
  Call large(loops.at(0), *batcher, RequestContext(), MakeRows(3, 1));
  gate.WaitForRuns(1);
  const auto until = steady_clock::now() + kEnoughToBegin;
  while (steady_clock::now() < until) std::this_thread::yield();
  gate.Open();
  EXPECT_EQ(large.Wait()->size(), 3u);
}

TEST(QueueTermsTest, AnInstanceWaitsForAPreferredSize) {
  Gate gate;
  gate.Open();
  async::LoopGroup loops(1);
  BatcherOptions options;
  options.queue.max_delay = hours(1);
  options.queue.preferred_sizes = {8, 3};
  const auto batcher = MakeBatcher(gate.function(), options, 2);
  Call first(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1));
  Call second(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1));
  WaitUntilQueued(*batcher, 2);
  EXPECT_TRUE(gate.shapes().empty());
  Call third(loops.at(0), *batcher, RequestContext(), MakeRows(1, 1));
  for (Call* call : {&first, &second, &third}) EXPECT_TRUE(call->Wait().ok());
  ASSERT_EQ(gate.shapes().size(), 1u);
  EXPECT_EQ(gate.shapes()[0], Shape({3, 1}));
}

TEST(QueueTermsTest, AnInstanceWaitsNoLongerThanTheDelayAndNotForWhomItWouldEnd) {
  BatcherOptions options;
  options.queue.max_delay = milliseconds(20);
  const auto delayed = MakeBatcher(Sum, options);
  const auto begin = steady_clock::now();
  EXPECT_TRUE(BlockOn(delayed->Run(RequestContext(), MakeRows(1, 1))).ok());
  EXPECT_GE(steady_clock::now(), begin + milliseconds(20));
  options.queue.max_delay = hours(1);
  const auto patient = MakeBatcher(Sum, options);
  const auto context = RequestContext().WithDeadline(steady_clock::now() + std::chrono::minutes(1));
  EXPECT_TRUE(BlockOn(patient->Run(context, MakeRows(1, 1))).ok());
}

}  // namespace
}  // namespace starling::inference

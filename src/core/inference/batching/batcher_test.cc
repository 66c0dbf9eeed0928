#include "core/inference/batching/batcher.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <latch>
#include <mutex>
#include <thread>

#include "base/status.h"
#include "core/async/spawn.h"
#include "core/inference/fake_runtime.h"

namespace starling::inference {
namespace {

using async::BlockOn;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

const std::vector<TensorSpec> kInputs = {{"ids", DataType::kInt64, {-1, -1}}};

Row MakeRow(std::vector<int64_t> values) {
  const Shape shape = {static_cast<int64_t>(values.size())};
  return {MakeTensor<int64_t>(DataType::kInt64, shape, values)};
}

std::vector<Row> MakeRows(size_t count, size_t length, int64_t value = 1) {
  std::vector<Row> rows;
  for (size_t i = 0; i < count; ++i) rows.push_back(MakeRow(std::vector<int64_t>(length, value)));
  return rows;
}

// The sum of each row.
absl::StatusOr<std::vector<Tensor>> Sum(std::span<const Tensor> inputs) {
  const auto rows = static_cast<size_t>(inputs[0].shape[0]);
  const auto length = static_cast<size_t>(inputs[0].shape[1]);
  const auto values = inputs[0].Values<int64_t>();
  TensorBuffer sums(DataType::kInt64, {inputs[0].shape[0]});
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < length; ++j) sums.Values<int64_t>()[i] += values[i * length + j];
  }
  std::vector<Tensor> outputs;
  outputs.push_back(std::move(sums).Freeze());
  return outputs;
}

int64_t Value(const Row& row) { return row[0].Values<int64_t>()[0]; }

// An instance that waits in each run until it is let go, and keeps the shapes it was given.
class Gate {
 public:
  FakeFunction function() {
    return [this](std::span<const Tensor> inputs) {
      std::unique_lock lock(mutex_);
      shapes_.push_back(inputs[0].shape);
      changed_.notify_all();
      changed_.wait(lock, [this] { return open_ || permits_ > 0; });
      if (permits_ > 0) --permits_;
      lock.unlock();
      return Sum(inputs);
    };
  }
  void WaitForRuns(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return shapes_.size() >= count; });
  }
  void LetOneGo() {
    std::lock_guard lock(mutex_);
    ++permits_;
    changed_.notify_all();
  }
  void Open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  std::vector<Shape> shapes() {
    std::lock_guard lock(mutex_);
    return shapes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Shape> shapes_;
  size_t permits_ = 0;
  bool open_ = false;
};

std::unique_ptr<Batcher> MakeBatcher(FakeFunction function, BatcherOptions options = {},
                                     size_t instances = 1) {
  options.name = "test";
  std::vector<std::unique_ptr<Instance>> seats;
  for (size_t i = 0; i < instances; ++i) seats.push_back(std::make_unique<FakeInstance>(function));
  return std::make_unique<Batcher>(options, kInputs, std::move(seats), RunObserver());
}

// A call that runs on a loop of the test while the test goes on.
class Call {
 public:
  using Result = absl::StatusOr<std::vector<Row>>;
  Call(async::Loop& loop, Batcher& batcher, RequestContext context, std::vector<Row> rows) {
    async::Spawn(loop, Start(batcher, std::move(context), std::move(rows)));
  }
  Result Wait() {
    done_.wait();
    return *std::move(result_);
  }

 private:
  async::Task<void> Start(Batcher& batcher, RequestContext context, std::vector<Row> rows) {
    auto result = co_await batcher.Run(std::move(context), std::move(rows));
    result_.emplace(std::move(result));
    done_.count_down();
  }
  std::optional<Result> result_;
  std::latch done_{1};
};

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
  const auto batcher = MakeBatcher(gate.function(), {.max_queue = 2});
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
  const auto batcher = MakeBatcher(gate.function(), {.run = {.max_rows = 8}, .max_queue = 2000});
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

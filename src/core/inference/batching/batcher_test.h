// For tests of the batcher: a model that sums its rows and can be held, and calls that go on beside the test.
#pragma once

#include <condition_variable>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/async/loop.h"
#include "core/async/spawn.h"
#include "core/inference/batching/batcher.h"
#include "core/inference/fake_runtime.h"

namespace starling::inference {

inline Row MakeRow(std::vector<int64_t> values) {
  const Shape shape = {static_cast<int64_t>(values.size())};
  return {MakeTensor<int64_t>(DataType::kInt64, shape, values)};
}

inline std::vector<Row> MakeRows(size_t count, size_t length, int64_t value = 1) {
  std::vector<Row> rows;
  for (size_t i = 0; i < count; ++i) rows.push_back(MakeRow(std::vector<int64_t>(length, value)));
  return rows;
}

// The sum of each row.
inline absl::StatusOr<std::vector<Tensor>> Sum(std::span<const Tensor> inputs) {
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

inline int64_t Value(const Row& row) { return row[0].Values<int64_t>()[0]; }

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

inline std::unique_ptr<Batcher> MakeBatcher(FakeFunction function, BatcherOptions options = {},
                                            size_t instances = 1) {
  const std::vector<TensorSpec> inputs = {{"ids", DataType::kInt64, {-1, -1}}};
  options.name = "test";
  std::vector<std::unique_ptr<Instance>> seats;
  for (size_t i = 0; i < instances; ++i) seats.push_back(std::make_unique<FakeInstance>(function));
  return std::make_unique<Batcher>(options, inputs, std::move(seats), RunObserver());
}

// A call that runs on a loop of the test while the test goes on.
class Call {
 public:
  using Result = absl::StatusOr<std::vector<Row>>;
  Call(async::Loop& loop, Batcher& batcher, RequestContext context, std::vector<Row> rows,
       QueueTerms terms = {}) {
    async::Spawn(loop, Start(batcher, std::move(context), std::move(rows), terms));
  }
  Result Wait() {
    done_.wait();
    return *std::move(result_);
  }

 private:
  async::Task<void> Start(Batcher& batcher, RequestContext context, std::vector<Row> rows, QueueTerms terms) {
    auto run = batcher.Run(std::move(context), std::move(rows), nullptr, terms);
    auto result = co_await std::move(run);
    result_.emplace(std::move(result));
    done_.count_down();
  }
  std::optional<Result> result_;
  std::latch done_{1};
};

}  // namespace starling::inference

// Under random load, cancellation and deadlines every answer is that of its own request, no run begins after its
// request's deadline, and nothing stays behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <random>
#include <thread>

#include "core/async/sleep.h"
#include "core/async/spawn.h"
#include "core/inference/batching/batcher.h"
#include "core/inference/fake_runtime.h"

namespace starling::inference {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

// Row i of the answer: the sum of row i, and for 1 in 8 runs some work before it.
absl::StatusOr<std::vector<Tensor>> SlowSum(std::span<const Tensor> inputs) {
  thread_local std::mt19937 random(7);
  const auto until = steady_clock::now() + microseconds(random() % 8 == 0 ? 2000 : 0);
  while (steady_clock::now() < until) std::this_thread::yield();
  const auto length = static_cast<size_t>(inputs[0].shape[1]);
  const auto values = inputs[0].Values<int64_t>();
  TensorBuffer sums(DataType::kInt64, {inputs[0].shape[0]});
  for (size_t i = 0; i < values.size(); ++i) sums.Values<int64_t>()[i / length] += values[i];
  std::vector<Tensor> outputs;
  outputs.push_back(std::move(sums).Freeze());
  return outputs;
}

struct Tally {
  std::atomic<int> right{0};
  std::atomic<int> cancelled{0};
  std::atomic<int> late{0};
  std::atomic<int> refused{0};
  std::atomic<int> wrong{0};
};

struct RandomRequest {
  std::vector<Row> rows;
  std::vector<int64_t> sums;
};

RandomRequest MakeRequest(std::mt19937& random) {
  RandomRequest request;
  const size_t count = random() % 10 == 0 ? 1 + random() % 100 : 1 + random() % 3;
  for (size_t i = 0; i < count; ++i) {
    std::vector<int64_t> values(1 + random() % 40);
    for (int64_t& value : values) value = static_cast<int64_t>(random() % 1000);
    request.sums.push_back(std::accumulate(values.begin(), values.end(), int64_t{0}));
    const Shape shape = {static_cast<int64_t>(values.size())};
    request.rows.push_back({MakeTensor<int64_t>(DataType::kInt64, shape, values)});
  }
  return request;
}

void Judge(const absl::StatusOr<std::vector<Row>>& result, const RandomRequest& request,
           const RequestContext& context, Tally* tally) {
  switch (result.status().code()) {
    case absl::StatusCode::kOk: {
      bool same = result->size() == request.sums.size();
      for (size_t i = 0; same && i < request.sums.size(); ++i) {
        same = (*result)[i][0].Values<int64_t>()[0] == request.sums[i];
      }
      ++(same ? tally->right : tally->wrong);
      return;
    }
    case absl::StatusCode::kCancelled:
      ++(context.cancel().cancelled() ? tally->cancelled : tally->wrong);
      return;
    case absl::StatusCode::kDeadlineExceeded:
      ++(context.deadline() <= steady_clock::now() ? tally->late : tally->wrong);
      return;
    case absl::StatusCode::kResourceExhausted:
      ++tally->refused;
      return;
    default:
      ++tally->wrong;
  }
}

async::Task<void> CancelAfter(CancelSource* source, microseconds delay) {
  (void)co_await async::Sleep(delay);
  source->Cancel();
}

async::Task<void> Client(Batcher* batcher, unsigned seed, int requests, Tally* tally) {
  std::mt19937 random(seed);
  for (int i = 0; i < requests; ++i) {
    const RandomRequest request = MakeRequest(random);
    CancelSource source;
    RequestContext context = RequestContext().WithCancel(source.token());
    if (random() % 4 == 0)
      context = context.WithDeadline(steady_clock::now() + microseconds(random() % 3000));
    async::TaskGroup group;
    if (random() % 4 == 0) group.Start(CancelAfter(&source, microseconds(random() % 2000)));
    std::vector<Row> rows = request.rows;
    const auto result = co_await batcher->Run(context, std::move(rows));
    Judge(result, request, context, tally);
    co_await group.Join();
  }
}

async::Task<void> Clients(Batcher* batcher, unsigned seed, Tally* tally, std::atomic<bool>* done) {
  async::TaskGroup group;
  for (unsigned i = 0; i < 20; ++i) group.Start(Client(batcher, seed * 100 + i, 50, tally));
  co_await group.Join();
  *done = true;
  done->notify_all();
}

TEST(BatcherPropertyTest, EveryAnswerBelongsToItsRequest) {
  BatcherOptions options{.name = "property", .max_queue = 60};
  options.run.max_rows = 16;
  options.run.few_shapes = true;
  std::vector<std::unique_ptr<Instance>> instances;
  for (int i = 0; i < 3; ++i) instances.push_back(std::make_unique<FakeInstance>(SlowSum));
  std::atomic<size_t> largest{0};
  const auto observe = [&largest](const RunReport& report) {
    for (size_t seen = largest; seen < report.rows && !largest.compare_exchange_weak(seen, report.rows);) {
    }
  };
  Tally tally;
  {
    Batcher batcher(options, {{"ids", DataType::kInt64, {-1, -1}}}, std::move(instances), observe);
    async::LoopGroup loops(2);
    std::atomic<bool> done[2] = {false, false};
    for (unsigned i = 0; i < 2; ++i) async::Spawn(loops.at(i), Clients(&batcher, i + 1, &tally, &done[i]));
    for (auto& flag : done) flag.wait(false);
    EXPECT_EQ(batcher.queued(), 0u);
  }
  EXPECT_EQ(tally.wrong, 0);
  EXPECT_EQ(tally.right + tally.cancelled + tally.late + tally.refused, 2000);
  EXPECT_GT(tally.right, 200);
  EXPECT_GT(tally.cancelled, 0);
  EXPECT_GT(tally.late, 0);
  EXPECT_GT(tally.refused, 0);
  EXPECT_GT(largest, 1u);
  EXPECT_LE(largest, 16u);
}

}  // namespace
}  // namespace starling::inference

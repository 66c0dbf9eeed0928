// Under random load, priorities, cancellation, deadlines, queue time-outs and swaps every answer is that of its own request by
// the version that it asked, nobody is refused before his time, and nothing stays behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
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

constexpr int64_t kVersion = 1000000;  // more than any row sums up to

// Row i of the answer: the sum of row i, and what tells the version; for 1 in 8 runs some work before it.
absl::StatusOr<std::vector<Tensor>> SlowSum(std::span<const Tensor> inputs, int64_t version) {
  thread_local std::mt19937 random(7);
  const auto until = steady_clock::now() + microseconds(random() % 8 == 0 ? 2000 : 0);
  while (steady_clock::now() < until) std::this_thread::yield();
  const auto length = static_cast<size_t>(inputs[0].shape[1]);
  const auto values = inputs[0].Values<int64_t>();
  TensorBuffer sums(DataType::kInt64, {inputs[0].shape[0]});
  for (int64_t& sum : sums.Values<int64_t>()) sum = version * kVersion;
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
  std::atomic<int> timed_out{0};
  std::atomic<int> wrong{0};
};

struct RandomRequest {
  std::vector<Row> rows;
  std::vector<int64_t> sums;
  QueueTerms terms;
  int64_t version = 0;
  steady_clock::time_point begin = steady_clock::now();
};

// One version of the model; whoever asks it keeps it until the answer.
struct Served {
  int64_t version = 0;
  std::unique_ptr<Batcher> batcher;
};

// Which version answers now.
class Current {
 public:
  void Set(std::shared_ptr<Served> served) {
    {
      std::lock_guard lock(mutex_);
      std::swap(served_, served);
    }
    served.reset();  // may wait for its runs
  }
  std::shared_ptr<Served> Get() {
    std::lock_guard lock(mutex_);
    return served_;
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<Served> served_;
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
  request.terms.priority = random() % 5;  // 0 is the default, 4 there is not
  if (random() % 4 == 0) request.terms.timeout = microseconds(1 + random() % 3000);
  return request;
}

void Judge(const absl::StatusOr<std::vector<Row>>& result, const RandomRequest& request,
           const RequestContext& context, Tally* tally) {
  switch (result.status().code()) {
    case absl::StatusCode::kOk: {
      bool same = result->size() == request.sums.size();
      for (size_t i = 0; same && i < request.sums.size(); ++i) {
        same = (*result)[i][0].Values<int64_t>()[0] == request.sums[i] + request.version * kVersion;
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
    case absl::StatusCode::kUnavailable: {
      const auto timeout = request.terms.timeout;
      const bool waited = timeout.count() > 0 && steady_clock::now() >= request.begin + timeout;
      ++(waited ? tally->timed_out : tally->wrong);
      return;
    }
    default:
      ++tally->wrong;
  }
}

async::Task<void> CancelAfter(CancelSource* source, microseconds delay) {
  (void)co_await async::Sleep(delay);
  source->Cancel();
}

async::Task<void> Client(Current* current, unsigned seed, int requests, Tally* tally) {
  std::mt19937 random(seed);
  for (int i = 0; i < requests; ++i) {
    RandomRequest request = MakeRequest(random);
    const std::shared_ptr<Served> served = current->Get();
    request.version = served->version;
    CancelSource source;
    RequestContext context = RequestContext().WithCancel(source.token());
    if (random() % 4 == 0)
      context = context.WithDeadline(steady_clock::now() + microseconds(random() % 3000));
    async::TaskGroup group;
    if (random() % 4 == 0) group.Start(CancelAfter(&source, microseconds(random() % 2000)));
    std::vector<Row> rows = request.rows;
    auto run = served->batcher->Run(context, std::move(rows), nullptr, request.terms);
    const auto result = co_await std::move(run);
    Judge(result, request, context, tally);
    co_await group.Join();
  }
}

async::Task<void> Clients(Current* current, unsigned seed, Tally* tally, std::atomic<bool>* done) {
  async::TaskGroup group;
  for (unsigned i = 0; i < 20; ++i) group.Start(Client(current, seed * 100 + i, 50, tally));
  co_await group.Join();
  *done = true;
  done->notify_all();
}

// What holds of all versions together.
struct Watch {
  std::atomic<size_t> largest{0};
  std::atomic<int> timeouts{0};
};

std::shared_ptr<Served> MakeServed(int64_t version, Watch* watch) {
  BatcherOptions options{.name = "property"};
  options.queue.levels.assign(3, {.max_queue = 40, .allow_timeout_override = true});
  options.queue.default_priority = 2;
  options.run.max_rows = 16;
  options.run.few_shapes = true;
  options.on_timeout = [watch] { ++watch->timeouts; };
  if (version % 3 == 2) options.queue.max_delay = microseconds(300);
  std::vector<std::unique_ptr<Instance>> instances;
  const auto run = [version](std::span<const Tensor> inputs) { return SlowSum(inputs, version); };
  for (int i = 0; i < 3; ++i) instances.push_back(std::make_unique<FakeInstance>(run));
  const auto observe = [watch](const RunReport& report) {
    size_t seen = watch->largest;
    while (seen < report.rows && !watch->largest.compare_exchange_weak(seen, report.rows)) {
    }
  };
  auto served = std::make_shared<Served>();
  served->version = version;
  const std::vector<TensorSpec> inputs = {{"ids", DataType::kInt64, {-1, -1}}};
  served->batcher = std::make_unique<Batcher>(std::move(options), inputs, std::move(instances), observe);
  return served;
}

int Count(const Tally& tally) {
  return tally.right + tally.cancelled + tally.late + tally.refused + tally.timed_out + tally.wrong;
}

TEST(BatcherPropertyTest, EveryAnswerBelongsToItsRequest) {
  constexpr int kRequests = 2000;
  Watch watch;
  Tally tally;
  {
    Current current;
    current.Set(MakeServed(0, &watch));
    async::LoopGroup loops(2);
    std::atomic<bool> done[2] = {false, false};
    for (unsigned i = 0; i < 2; ++i) async::Spawn(loops.at(i), Clients(&current, i + 1, &tally, &done[i]));
    // A swap after each hundredth request.
    for (int64_t version = 1; version < kRequests / 100; ++version) {
      while (Count(tally) < version * 100) std::this_thread::yield();
      current.Set(MakeServed(version, &watch));
    }
    for (auto& flag : done) flag.wait(false);
    EXPECT_EQ(current.Get()->batcher->queued(), 0u);
  }
  EXPECT_EQ(tally.wrong, 0);
  EXPECT_EQ(Count(tally), kRequests);
  EXPECT_GT(tally.right, 200);
  EXPECT_GT(tally.cancelled, 0);
  EXPECT_GT(tally.late, 0);
  EXPECT_GT(tally.refused, 0);
  EXPECT_GT(tally.timed_out, 0);
  EXPECT_EQ(tally.timed_out, watch.timeouts);
  EXPECT_GT(watch.largest, 1u);
  EXPECT_LE(watch.largest, 16u);
}

}  // namespace
}  // namespace starling::inference

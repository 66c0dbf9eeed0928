#include "core/inference/batching/run_caller.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>

#include "base/status.h"
#include "core/async/spawn.h"
#include "core/inference/batching/batcher.h"

namespace starling::inference {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

const std::vector<TensorSpec> kInputs = {{"x", DataType::kInt64, {-1, 1}}};

// Stands for somebody else who is waited for: each run ends when the test says so, or its caller's context does.
class Upstream {
 public:
  class Seat : public Instance {
   public:
    explicit Seat(Upstream& upstream) : upstream_(upstream) {}
    absl::StatusOr<std::vector<Tensor>> Run(std::span<const Tensor>) override {
      return Internal("An instance that uses contexts is run without one.");
    }
    bool uses_context() const override { return true; }
    absl::StatusOr<std::vector<Tensor>> RunFor(const RequestContext& context,
                                               std::span<const Tensor> inputs) override {
      std::promise<absl::Status> ended;
      const auto registration =
          context.cancel().OnCancel([&ended](const absl::Status& why) { ended.set_value(why); });
      upstream_.asked.set_value(context);
      if (const absl::Status why = ended.get_future().get(); !why.ok()) {
        upstream_.ended.set_value(why);
        return why;
      }
      return std::vector<Tensor>(inputs.begin(), inputs.end());
    }

   private:
    Upstream& upstream_;
  };

  std::promise<RequestContext> asked;
  std::promise<absl::Status> ended;
};

std::unique_ptr<Batcher> MakeBatcher(Upstream& upstream) {
  std::vector<std::unique_ptr<Instance>> seats;
  seats.push_back(std::make_unique<Upstream::Seat>(upstream));
  return std::make_unique<Batcher>(BatcherOptions{.name = "test", .pads = false}, kInputs, std::move(seats),
                                   RunObserver());
}

async::Task<void> Call(Batcher& batcher, RequestContext context, std::promise<absl::Status>* done) {
  std::vector<Row> rows = {{MakeTensor<int64_t>(DataType::kInt64, {1}, std::vector<int64_t>{7})}};
  const auto result = co_await batcher.Run(std::move(context), std::move(rows));
  done->set_value(result.status());
}

TEST(RunCallerTest, ARunCarriesItsRequestsDeadlineAndTraceAndEndsWithThem) {
  Upstream upstream;
  const auto batcher = MakeBatcher(upstream);
  async::LoopGroup loops(1);
  CancelSource caller;
  const auto deadline = steady_clock::now() + seconds(60);
  TraceContext trace = TraceContext();
  trace.trace_id = {1, 2, 3};
  std::promise<absl::Status> done;
  const auto context = RequestContext().WithDeadline(deadline).WithCancel(caller.token()).WithTrace(trace);
  async::Spawn(loops.at(0), Call(*batcher, context, &done));
  const RequestContext asked = upstream.asked.get_future().get();
  EXPECT_EQ(asked.deadline(), deadline);
  EXPECT_EQ(asked.trace().trace_id, trace.trace_id);
  EXPECT_FALSE(asked.cancel().cancelled());
  caller.Cancel();
  EXPECT_EQ(upstream.ended.get_future().get().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(done.get_future().get().code(), absl::StatusCode::kCancelled);
}

// Two rows of two requests: jobs as the batcher makes them.
TEST(RunCallerTest, ARunOfSeveralRequestsGoesOnForTheLastOfThem) {
  const auto job = [](MonotonicTime deadline) {
    auto made = std::make_shared<RowJob>(async::Completion<absl::Status>().completer());
    made->deadline = deadline;
    return made;
  };
  const auto soon = steady_clock::now() + seconds(1), late = steady_clock::now() + seconds(9);
  const auto first = job(soon), second = job(late);
  const std::vector<QueuedRow> batch = {{first, 0}, {second, 0}, {first, 1}};
  std::mutex lock;

  class Seat : public Upstream::Seat {
   public:
    using Upstream::Seat::Seat;
    std::function<void(const RequestContext&)> look;
    absl::StatusOr<std::vector<Tensor>> RunFor(const RequestContext& context,
                                               std::span<const Tensor>) override {
      look(context);
      return std::vector<Tensor>();
    }
  };
  Upstream upstream;
  Seat seat(upstream);
  seat.look = [&](const RequestContext& context) {
    EXPECT_EQ(context.deadline(), late);
    EXPECT_TRUE(LeaveRuns(*first).empty());
    const auto unwanted = LeaveRuns(*second);
    ASSERT_EQ(unwanted.size(), 1u);
    unwanted[0]->nobody_waits.Cancel();
    EXPECT_TRUE(context.cancel().cancelled());
  };
  EXPECT_TRUE(RunFor(seat, batch, {}, lock).ok());

  first->over = second->over = true;
  seat.look = [](const RequestContext&) { ADD_FAILURE() << "run for nobody"; };
  EXPECT_EQ(RunFor(seat, batch, {}, lock).status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace starling::inference

#include "services/models/traffic/traffic_router.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <future>
#include <latch>
#include <new>
#include <sstream>

#include "core/async/spawn.h"
#include "services/models/models_test.h"

namespace {

thread_local size_t allocations = 0;

}  // namespace

// Counts, so that a test can say that something takes no memory. Inlined, g++ 12 takes them for a mismatched pair.
// The thread sanitizer brings its own and lets nobody else have any.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define STARLING_OPERATORS_ARE_TAKEN
#endif
#endif
#ifndef STARLING_OPERATORS_ARE_TAKEN
[[gnu::noinline]] void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }
#endif

namespace starling::models {
namespace {

using inference::DataType;
using inference::Tensor;
using std::chrono::steady_clock;

async::Task<void> Keep(async::Task<absl::StatusOr<std::vector<Tensor>>> task,
                       std::promise<absl::StatusOr<std::vector<Tensor>>>* promise) {
  promise->set_value(co_await std::move(task));
}

class TrafficRouterTest : public ModelsTest {
 protected:
  // Version 1 runs on the fake; version 2 does the same when it is let.
  void SetUp() override {
    slow_ = fake_;
    slow_.run = [this](std::span<const Tensor> inputs) -> absl::StatusOr<std::vector<Tensor>> {
      if (holds_) released_.wait();
      return JudgeLength(inputs);
    };
    runtimes_.Add("slow", [this]() -> absl::StatusOr<std::unique_ptr<inference::Runtime>> {
      return std::make_unique<inference::FakeRuntime>(slow_);
    });
    const std::string first = TensorPackage("raw", "1");
    const std::string second = TensorPackage("raw", "2");
    const auto file = std::filesystem::path(second) / "model.yaml";
    std::stringstream read;
    read << std::ifstream(file).rdbuf();
    std::string text = read.str();
    text.replace(text.find("runtime: fake"), 13, "runtime: slow");
    std::ofstream(file) << text;
    auto repository = Open({first, second});
    ASSERT_TRUE(repository.ok()) << repository.status();
    repository_ = *std::move(repository);
    Settle(*repository_);
  }

  static StoredRule Rule(double weight, double shadow) {
    StoredRule stored;
    stored.model = "raw";
    stored.alias = "champion";
    v1::TrafficRule rule;
    rule.set_stable("1");
    if (weight > 0) {
      rule.add_weights()->set_version("2");
      rule.mutable_weights(0)->set_percent(weight);
    }
    if (shadow > 0) {
      rule.mutable_shadow()->set_version("2");
      rule.mutable_shadow()->set_percent(shadow);
    }
    SetRule(stored, rule);
    stored.revision = 1;
    return stored;
  }

  static std::vector<Tensor> Inputs() {
    const std::vector<int64_t> ones(3, 1);
    return {inference::MakeTensor<int64_t>(DataType::kInt64, {1, 3}, ones),
            inference::MakeTensor<int64_t>(DataType::kInt64, {1, 3}, ones)};
  }
  absl::StatusOr<std::vector<Tensor>> Infer(const TrafficRoute& route) {
    const auto model = repository_->Find("raw", route.VersionOr("1"));
    if (!model.ok()) return model.status();
    std::promise<absl::StatusOr<std::vector<Tensor>>> promise;
    async::Spawn(loops_.at(0), Keep(route.Infer(*model, RequestContext(), Inputs()), &promise));
    return promise.get_future().get();
  }
  double Counted(std::string_view metric, std::string_view result) {
    for (const auto& one : metrics_.Take()) {
      if (one.info->name != metric) continue;
      for (const auto& series : one.series) {
        if (series.labels == std::vector<std::string>{"raw", "champion", "2", std::string(result)})
          return std::get<double>(series.value);
      }
    }
    return 0;
  }

  inference::FakeModel slow_;
  std::atomic<bool> holds_{false};
  std::latch released_{1};
  async::LoopGroup loops_{1};
  std::unique_ptr<ModelRepository> repository_;
};

TEST_F(TrafficRouterTest, WithoutARuleARequestPaysNothing) {
  TrafficRouter router(*repository_, metrics_, {});
  const auto model = *repository_->Find("raw", "1");
  const RequestContext somebody;
  const size_t before = allocations;
  const TrafficRoute route = router.Route("raw", "champion", somebody, "key");
  const bool is_empty = route.VersionOr("champion") == "champion";
  EXPECT_EQ(allocations, before);
  EXPECT_TRUE(is_empty);

  const auto count = [&](auto make) {
    static_cast<void>(make(RequestContext(), Inputs()));  // a thread keeps its frame for the next
    std::vector<Tensor> inputs = Inputs();
    RequestContext nobody;
    const size_t begin = allocations;
    const auto task = make(std::move(nobody), std::move(inputs));
    return allocations - begin;
  };
  EXPECT_EQ(count([&](RequestContext context, std::vector<Tensor> inputs) {
              return route.Infer(model, std::move(context), std::move(inputs));
            }),
            count([&](RequestContext context, std::vector<Tensor> inputs) {
              return model->Infer(std::move(context), std::move(inputs));
            }));
}

TEST_F(TrafficRouterTest, AShadowThatHangsDelaysNobodyAndTakesNoMoreThanItMay) {
  auto router = std::make_unique<TrafficRouter>(
      *repository_, metrics_, ShadowOptions{.max_requests = 2, .timeout = std::chrono::minutes(1)});
  router->Apply(Rule(0, 100), true, steady_clock::now());
  holds_ = true;
  for (int i = 0; i < 10; ++i) {
    const TrafficRoute route = router->Route("raw", "champion", RequestContext(), "");
    EXPECT_EQ(route.VersionOr(""), "1");
    EXPECT_TRUE(Infer(route).ok());
  }
  EXPECT_EQ(Counted("starling.models.shadow.requests", "dropped"), 8);
  EXPECT_EQ(Counted("starling.models.shadow.requests", "agreed"), 0);
  released_.count_down();
  while (Counted("starling.models.shadow.requests", "agreed") < 2) std::this_thread::yield();
}

TEST_F(TrafficRouterTest, WhatIsTooLargeIsNotMirrored) {
  TrafficRouter router(*repository_, metrics_, ShadowOptions{.max_bytes = 10});
  router.Apply(Rule(0, 100), true, steady_clock::now());
  EXPECT_TRUE(Infer(router.Route("raw", "champion", RequestContext(), "")).ok());
  EXPECT_EQ(Counted("starling.models.shadow.requests", "dropped"), 1);
}

TEST_F(TrafficRouterTest, AShadowPastItsTimeIsAFailureOfTheShadow) {
  TrafficRouter router(*repository_, metrics_, ShadowOptions{.timeout = std::chrono::milliseconds(5)});
  router.Apply(Rule(0, 100), true, steady_clock::now());
  holds_ = true;
  EXPECT_TRUE(Infer(router.Route("raw", "champion", RequestContext(), "")).ok());
  while (Counted("starling.models.shadow.requests", "error") < 1) std::this_thread::yield();
  const auto figures = router.Find("raw", "champion")->Arm("2").window.Figures(steady_clock::now());
  EXPECT_EQ(figures.failures, 1);
  EXPECT_EQ(figures.differing, 1);
  released_.count_down();
}

TEST_F(TrafficRouterTest, AVersionThatIsNotThereIsAnsweredForByTheStableOne) {
  TrafficRouter router(*repository_, metrics_, {});
  router.Apply(Rule(100, 0), true, steady_clock::now());
  EXPECT_EQ(router.Route("raw", "champion", RequestContext(), "").VersionOr(""), "2");
  StoredRule gone = Rule(0, 0);
  gone.rule.add_weights()->set_version("3");
  gone.rule.mutable_weights(0)->set_percent(100);
  SetRule(gone, gone.rule);
  router.Apply(gone, true, steady_clock::now());
  EXPECT_EQ(router.Route("raw", "champion", RequestContext(), "").VersionOr(""), "1");
}

TEST_F(TrafficRouterTest, WhatTheCallerTookBackIsNoFailure) {
  TrafficRouter router(*repository_, metrics_, {});
  router.Apply(Rule(100, 0), true, steady_clock::now());
  const TrafficRoute route = router.Route("raw", "champion", RequestContext(), "");
  EXPECT_EQ(route.Failed(absl::CancelledError()).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(route.Failed(absl::InvalidArgumentError("x")).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Counted("starling.models.traffic.requests", "error"), 1);
}

}  // namespace
}  // namespace starling::models

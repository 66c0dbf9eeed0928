#include "services/models/graph/graph_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "core/async/completion.h"
#include "services/models/graph/graph_test.h"

namespace starling::models {
namespace {

using inference::Tensor;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using testing::UnorderedElementsAre;

using GraphRunTest = GraphTest;

TEST_F(GraphRunTest, TensorsPassByReference) {
  ASSERT_TRUE(Load("b.y", R"(  - {name: a, model: same, inputs: {x: request.x}}
  - parallel:
      - {name: b, model: same, inputs: {x: a.y}}
      - {name: c, model: same, inputs: {x: a.y}}
)")
                  .ok());
  const Tensor x = Floats({1, 2, 3});
  const auto y = Run(x);
  ASSERT_TRUE(y.ok()) << y.status();
  EXPECT_EQ(y->data.data(), x.data.data());
  ASSERT_EQ(parts_["same"]->seen.size(), 3);
  for (const Tensor& seen : parts_["same"]->seen) EXPECT_EQ(seen.data.data(), x.data.data());
}

TEST_F(GraphRunTest, ASequenceGivesEachStepWhatThoseBeforeItMade) {
  ASSERT_TRUE(Load("b.y", R"(  - {name: a, model: twice, inputs: {x: request.x}}
  - {name: b, model: twice, inputs: {x: a.y}}
)")
                  .ok());
  EXPECT_EQ(*Run(3), 12);
  EXPECT_EQ(Count("a", "ok"), 1);
}

TEST_F(GraphRunTest, EachStepHasThePriorityOfTheRequest) {
  ASSERT_TRUE(Load("b.y", R"(  - {name: a, model: same, inputs: {x: request.x}}
  - {name: b, model: twice, inputs: {x: a.y}}
)")
                  .ok());
  EXPECT_EQ(*Run(3, {.queue = {.priority = 2}}), 6);
  EXPECT_EQ(parts_["same"]->priority, 2u);
  EXPECT_EQ(parts_["twice"]->priority, 2u);
}

TEST_F(GraphRunTest, StepsAreChosenByTheRequestsKey) {
  ASSERT_TRUE(Load("a.y", "  - {name: a, model: same, inputs: {x: request.x}}\n").ok());
  EXPECT_EQ(*Run(3, {.sticky_key = "user-1"}), 3);
  EXPECT_EQ(key_, "user-1");
}

TEST_F(GraphRunTest, AModelThatIsAwayIsAnsweredForByItsFallback) {
  Add("away", Away).stated_package.fallback = {"twice", ""};
  ASSERT_TRUE(Load("a.y", "  - {name: a, model: away, inputs: {x: request.x}}\n").ok());
  EXPECT_EQ(*Run(3, {.queue = {.priority = 2}}), 6);
  EXPECT_EQ(parts_["twice"]->priority, 2u);
  EXPECT_EQ(Count("a", "ok"), 1);
}

TEST_F(GraphRunTest, AFallbacksOwnFallbackIsNotAsked) {
  Add("away", Away).stated_package.fallback = {"away too", ""};
  Add("away too", Away).stated_package.fallback = {"twice", ""};
  ASSERT_TRUE(Load("a.y", "  - {name: a, model: away, inputs: {x: request.x}}\n").ok());
  EXPECT_EQ(Run(3).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(parts_["twice"]->seen.empty());
}

TEST_F(GraphRunTest, AModelThatFailsHasNoFallback) {
  parts_["broken"]->stated_package.fallback = {"twice", ""};
  ASSERT_TRUE(Load("a.y", "  - {name: a, model: broken, inputs: {x: request.x}}\n").ok());
  EXPECT_EQ(Run(3).status().code(), absl::StatusCode::kInternal);
}

TEST_F(GraphRunTest, BranchesOfAParallelRunAtTheSameTime) {
  // Each waits for the other: one after the other would never end.
  async::Completion<bool> left_runs, right_runs;
  Add("left", [&, told = left_runs.completer()](RequestContext, Tensor x) -> Answer {
    told.Set(true);
    co_await right_runs;
    co_return std::vector<Tensor>{std::move(x)};
  });
  Add("right", [&, told = right_runs.completer()](RequestContext, Tensor x) -> Answer {
    told.Set(true);
    co_await left_runs;
    co_return std::vector<Tensor>{std::move(x)};
  });
  ASSERT_TRUE(Load("right.y", R"(  - parallel:
      - {model: left, inputs: {x: request.x}}
      - {model: right, inputs: {x: request.x}}
)")
                  .ok());
  EXPECT_EQ(*Run(5), 5);
}

constexpr char kSwitch[] = R"(  - switch:
      - {when: request.x > 10, steps: [{name: large, model: twice, inputs: {x: request.x}}]}
      - {when: request.x < 0, steps: [{name: negative, model: broken, inputs: {x: request.x}}]}
      - {steps: [{name: small, model: same, inputs: {x: request.x}}]}
)";

TEST_F(GraphRunTest, ExactlyOneBranchOfASwitchRuns) {
  ASSERT_TRUE(Load("large.y | negative.y | small.y", kSwitch).ok());
  EXPECT_EQ(*Run(11), 22);
  EXPECT_EQ(*Run(10), 10);
  EXPECT_THAT(Message(Run(-1).status()), StartsWith("Step 'negative': "));
  EXPECT_EQ(Count("large", "ok"), 1);
  EXPECT_EQ(Count("small", "ok"), 1);
  EXPECT_EQ(Count("negative", "error"), 1);
}

TEST_F(GraphRunTest, RowsThatTakeDifferentWaysAreRefused) {
  ASSERT_TRUE(Load("large.y | negative.y | small.y", kSwitch).ok());
  EXPECT_TRUE(Run(Floats({11, 12})).ok());
  const auto mixed = Run(Floats({11, 1}));
  EXPECT_EQ(mixed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(mixed.status()), HasSubstr("send them one by one"));
}

constexpr char kSplit[] = R"(  - split:
      - {weight: 3, steps: [{name: most, model: same, inputs: {x: request.x}}]}
      - {weight: 1, steps: [{name: few, model: twice, inputs: {x: request.x}}]}
)";

TEST_F(GraphRunTest, ASplitKeepsItsWeightsAndItsKeys) {
  ASSERT_TRUE(Load("most.y | few.y", kSplit).ok());
  float sum = 0;
  for (int i = 0; i < 400; ++i) sum += *Run(1);
  EXPECT_NEAR(sum, 500, 4) << "requests without a key are spread evenly";

  std::set<std::string> doubled;
  for (int i = 0; i < 200; ++i) {
    const std::string key = StrCat("user-", i);
    const float first = *Run(1, {key});
    EXPECT_EQ(*Run(1, {key}), first) << key;
    if (first == 2) doubled.insert(key);
  }
  EXPECT_GT(doubled.size(), 25);
  EXPECT_LT(doubled.size(), 80);
}

TEST_F(GraphRunTest, ATensorCanBeTheKeyOfASplit) {
  ASSERT_TRUE(Load("most.y | few.y", std::string(kSplit) + "    key: request.x\n").ok());
  std::set<float> ratios;
  for (int i = 1; i <= 40; ++i) {
    const auto x = static_cast<float>(i);
    const float first = *Run(x);
    EXPECT_EQ(*Run(x), first);
    ratios.insert(first / x);
  }
  EXPECT_THAT(ratios, UnorderedElementsAre(1, 2));
  EXPECT_EQ(Run(Floats({1, 2})).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(GraphRunTest, AHardStepFailsTheRequestByName) {
  ASSERT_TRUE(Load("b.y", R"(  - {name: a, model: broken, inputs: {x: request.x}}
  - {name: b, model: same, inputs: {x: request.x}}
)")
                  .ok());
  const auto status = Run(1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Message(status), "Step 'a': The wheels came off.");
  EXPECT_EQ(Count("a", "error"), 1);
  EXPECT_TRUE(parts_["same"]->seen.empty()) << "nothing runs after it";
}

TEST_F(GraphRunTest, ASoftStepIsReplacedByItsDefaultsOrLeftOut) {
  ASSERT_TRUE(
      Load("b.y", R"(  - {name: a, model: broken, inputs: {x: request.x}, soft: true, defaults: {y: 0.5}}
  - {name: b, model: twice, inputs: {x: a.y}}
)")
          .ok());
  const auto y = Run(Floats({7, 8}));
  ASSERT_TRUE(y.ok()) << y.status();
  EXPECT_THAT(y->Values<float>(), ElementsAre(1, 1));
  EXPECT_EQ(Count("a", "soft_error"), 1);

  ASSERT_TRUE(Load("a.y | request.x", R"(  - {name: a, model: broken, inputs: {x: request.x}, soft: true}
  - {name: b, model: twice, inputs: {x: a.y}, soft: true}
)")
                  .ok());
  EXPECT_EQ(*Run(4), 4);
  EXPECT_EQ(Count("b", "soft_error"), 1) << "what it needs is missing";
}

TEST_F(GraphRunTest, TheDeadlineHoldsForTheWholeEvenInSoftSteps) {
  ASSERT_TRUE(Load("a.y", R"(  - {name: a, model: same, inputs: {x: request.x}}
  - {name: b, model: forever, inputs: {x: request.x}, soft: true}
  - {name: c, model: twice, inputs: {x: request.x}}
)")
                  .ok());
  const auto deadline = steady_clock::now() + milliseconds(50);
  const auto status = Run(Floats({1}), RequestContext().WithDeadline(deadline)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(parts_["same"]->contexts[0].deadline(), deadline);
  EXPECT_EQ(parts_["forever"]->contexts[0].deadline(), deadline);
  EXPECT_TRUE(parts_["twice"]->seen.empty());
}

TEST_F(GraphRunTest, AFailureInAParallelCancelsTheOthersAndJoinsThem) {
  bool ended = false;
  Add("witness", [&](RequestContext context, Tensor x) -> Answer {
    auto wait = Forever(std::move(context), std::move(x));
    auto answer = co_await std::move(wait);
    co_await async::Loop::Current()->Resume();
    ended = true;
    co_return answer;
  });
  ASSERT_TRUE(Load("witness.y", R"(  - parallel:
      - {model: witness, inputs: {x: request.x}}
      - {model: broken, inputs: {x: request.x}}
)")
                  .ok());
  const auto status = Run(1).status();
  EXPECT_EQ(Message(status), "Step 'broken': The wheels came off.");
  EXPECT_TRUE(ended) << "the request is answered after all of its steps";
}

TEST_F(GraphRunTest, CancellingTheRequestCancelsItsSteps) {
  const CancelSource caller;
  Add("trigger", [&](RequestContext, Tensor x) -> Answer {
    caller.Cancel();
    co_return std::vector<Tensor>{std::move(x)};
  });
  ASSERT_TRUE(Load("forever.y", R"(  - parallel:
      - {model: forever, inputs: {x: request.x}, soft: true, defaults: {y: 1}}
      - {model: trigger, inputs: {x: request.x}}
  - {model: same, inputs: {x: request.x}}
)")
                  .ok());
  const auto status = Run(Floats({1}), RequestContext().WithCancel(caller.token())).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(parts_["same"]->seen.empty());
}

TEST_F(GraphRunTest, EachStepIsAChildSpanOfTheRequest) {
  ASSERT_TRUE(Load("b.y", R"(  - {name: a, model: same, inputs: {x: request.x}}
  - {name: b, model: broken, inputs: {x: a.y}, soft: true, defaults: {y: 0}}
)")
                  .ok());
  const TraceContext request = TraceContext::NewRoot(true);
  ASSERT_TRUE(Run(Floats({1}), RequestContext().WithTrace(request)).ok());
  const auto spans = spans_.TakeAll();
  ASSERT_EQ(spans.size(), 2);
  EXPECT_EQ(spans[0]->name, "step a");
  EXPECT_EQ(spans[1]->name, "step b");
  EXPECT_FALSE(spans[0]->failed);
  EXPECT_TRUE(spans[1]->failed);
  for (const auto& span : spans) {
    EXPECT_EQ(span->trace.trace_id, request.trace_id);
    EXPECT_EQ(span->parent_span_id, request.span_id);
  }
  EXPECT_EQ(parts_["same"]->contexts[0].trace().span_id, spans[0]->trace.span_id)
      << "what the step asks is in its span";
}

TEST_F(GraphRunTest, AModelThatIsGoneIsUnavailableAndNotUnknown) {
  ASSERT_TRUE(Load("a.y", "  - {name: a, model: same, inputs: {x: request.x}}\n").ok());
  parts_.erase("same");
  const auto status = Run(1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(RetryAfter(status).has_value());
  EXPECT_EQ(Message(status), "Step 'a': There is no model 'same'.");
}

}  // namespace
}  // namespace starling::models

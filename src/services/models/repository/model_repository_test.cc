#include "services/models/repository/model_repository.h"

#include <gmock/gmock.h>

#include <atomic>
#include <latch>

#include "base/status.h"
#include "core/async/spawn.h"
#include "core/observe/prometheus.h"
#include "services/models/models_test.h"

namespace starling::models {
namespace {

using testing::HasSubstr;

class ModelRepositoryTest : public ModelsTest {};

TEST_F(ModelRepositoryTest, AModelLoadsInTheBackground) {
  std::latch asked{1};
  std::latch go{1};
  fake_.while_loading = [&] {
    asked.count_down();
    go.wait();
  };
  const auto repository = Open({Package("length", "1")});
  ASSERT_TRUE(repository.ok()) << repository.status();
  (*repository)->Start();
  asked.wait();
  const absl::Status early = (*repository)->Find("length", "").status();
  EXPECT_EQ(early.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(RetryAfter(early).has_value());
  EXPECT_EQ((*repository)->WhyNotReady(), "Model 'length' version 1 is loading.");
  go.count_down();
  while (!(*repository)->WhyNotReady().empty()) std::this_thread::yield();
  EXPECT_TRUE((*repository)->Find("length", "").ok());
}

TEST_F(ModelRepositoryTest, AtStartEveryVersionCountsForReadiness) {
  std::latch second{1};
  std::latch go{1};
  std::atomic<int> loads = 0;
  fake_.while_loading = [&] {
    if (++loads < 2) return;
    second.count_down();
    go.wait();
  };
  const auto repository = Open({Package("length", "1"), Package("length", "2")});
  (*repository)->Start();
  second.wait();
  EXPECT_TRUE((*repository)->Find("length", "1").ok());
  EXPECT_EQ((*repository)->WhyNotReady(), "Model 'length' version 2 is loading.");
  go.count_down();
  while (!(*repository)->WhyNotReady().empty()) std::this_thread::yield();
  EXPECT_TRUE((*repository)->Find("length", "2").ok());
}

TEST_F(ModelRepositoryTest, AModelThatFailsToLoadSaysWhyToOperatorsAlone) {
  fake_.load_error = InvalidArgument("/models/secret.onnx: broken");
  const auto repository = Open({Package("length", "1")});
  Settle(**repository);
  const absl::Status status = (*repository)->Find("length", "").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Message(status), "Model 'length' failed to load.");
  EXPECT_EQ((*repository)->WhyNotReady(),
            "Model 'length' version 1 failed to load: /models/secret.onnx: broken");
  EXPECT_EQ((*repository)->Get("length", "1")->state, ModelState::kFailed);
}

TEST_F(ModelRepositoryTest, OneBrokenModelLeavesTheOthersAlone) {
  int loads = 0;
  fake_.while_loading = [&] { ++loads; };
  const std::string broken = Package("broken", "1");
  const auto repository = ModelRepository::Open({{broken, Package("length", "1")}}, runtimes_, metrics_,
                                                [&](const auto& text) -> absl::StatusOr<inference::Tokenize> {
                                                  if (text.vocabulary.find("broken") != std::string::npos)
                                                    return NotFound("no vocabulary");
                                                  return ByteTokenizer(text);
                                                });
  ASSERT_TRUE(repository.ok()) << repository.status();
  Settle(**repository);
  EXPECT_EQ((*repository)->WhyNotReady(), "Model 'broken' version 1 failed to load: no vocabulary");
  EXPECT_TRUE((*repository)->Find("length", "").ok());
  EXPECT_EQ(loads, 1);
}

TEST_F(ModelRepositoryTest, TheLatestVersionAnswersUnlessOneIsNamed) {
  const auto repository = Open({Package("length", "10"), Package("length", "9"), Package("length", "9.1")});
  Settle(**repository);
  EXPECT_EQ((*(*repository)->Find("length", ""))->version(), "10");
  EXPECT_EQ((*(*repository)->Find("length", "9"))->version(), "9");
  EXPECT_EQ((*repository)->Index()[1].version, "9.1");
  EXPECT_EQ((*repository)->Find("length", "8").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ((*repository)->Find("other", "").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ModelRepositoryTest, WrongPackagesStopTheStart) {
  EXPECT_EQ(Open({folder_ / "nothing"}).status().code(), absl::StatusCode::kNotFound);
  const std::string package = Package("length", "1");
  EXPECT_EQ(Open({package, package}).status().code(), absl::StatusCode::kInvalidArgument);
  std::ofstream(package + "/model.yaml", std::ios::app) << "surprise: 1\n";
  EXPECT_THAT(std::string(Message(Open({package}).status())), HasSubstr("model.yaml:13: 'surprise'"));
}

TEST_F(ModelRepositoryTest, EndsWhileAModelIsLoading) {
  const auto repository = Open({Package("a", "1"), Package("b", "1")});
  (*repository)->Start();
}

TEST_F(ModelRepositoryTest, RunsAreCounted) {
  const auto repository = Open({Package("length", "1")});
  Settle(**repository);
  const auto classifier = (*repository)->Find("length", "");
  const auto classes = async::BlockOn((*classifier)->Classify(RequestContext(), {"ab", "abc"}));
  ASSERT_TRUE(classes.ok()) << classes.status();
  const std::string text = observe::Expose(metrics_, observe::Exposition::kPrometheusText);
  EXPECT_THAT(text, HasSubstr("starling_inference_rows_total{model=\"length\",version=\"1\"} 2"));
  EXPECT_THAT(text, HasSubstr("starling_inference_elements_total{model=\"length\",version=\"1\"} 5"));
  EXPECT_THAT(text, HasSubstr("starling_inference_queue_size{model=\"length\",version=\"1\"} 0"));
}

}  // namespace
}  // namespace starling::models

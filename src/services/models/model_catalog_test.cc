#include "services/models/model_catalog.h"

#include <gmock/gmock.h>

#include <latch>

#include "base/status.h"
#include "core/async/spawn.h"
#include "core/observe/prometheus.h"
#include "services/models/models_test.h"

namespace starling::models {
namespace {

using testing::HasSubstr;

class ModelCatalogTest : public ModelsTest {};

TEST_F(ModelCatalogTest, AModelLoadsInTheBackground) {
  std::latch asked{1};
  std::latch go{1};
  fake_.while_loading = [&] {
    asked.count_down();
    go.wait();
  };
  const auto catalog = Open({Package("length", "1")});
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  (*catalog)->Start();
  asked.wait();
  const absl::Status early = (*catalog)->Classifier("length", "").status();
  EXPECT_EQ(early.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(RetryAfter(early).has_value());
  EXPECT_EQ((*catalog)->WhyNotReady(), "Model 'length' version 1 is loading.");
  go.count_down();
  while (!(*catalog)->WhyNotReady().empty()) std::this_thread::yield();
  EXPECT_TRUE((*catalog)->Classifier("length", "").ok());
}

TEST_F(ModelCatalogTest, AModelThatFailsToLoadSaysWhyToOperatorsAlone) {
  fake_.load_error = InvalidArgument("/models/secret.onnx: broken");
  const auto catalog = Open({Package("length", "1")});
  Settle(**catalog);
  const absl::Status status = (*catalog)->Classifier("length", "").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Message(status), "Model 'length' failed to load.");
  EXPECT_EQ((*catalog)->WhyNotReady(),
            "Model 'length' version 1 failed to load: /models/secret.onnx: broken");
  EXPECT_EQ((*catalog)->Get("length", "1")->state, ModelState::kFailed);
}

TEST_F(ModelCatalogTest, OneBrokenModelLeavesTheOthersAlone) {
  int loads = 0;
  fake_.while_loading = [&] { ++loads; };
  const std::string broken = Package("broken", "1");
  const auto catalog = ModelCatalog::Open({broken, Package("length", "1")}, runtimes_, metrics_,
                                          [&](const auto& text) -> absl::StatusOr<inference::Tokenize> {
                                            if (text.vocabulary.find("broken") != std::string::npos)
                                              return NotFound("no vocabulary");
                                            return ByteTokenizer(text);
                                          });
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  Settle(**catalog);
  EXPECT_EQ((*catalog)->WhyNotReady(), "Model 'broken' version 1 failed to load: no vocabulary");
  EXPECT_TRUE((*catalog)->Classifier("length", "").ok());
  EXPECT_EQ(loads, 1);
}

TEST_F(ModelCatalogTest, TheLatestVersionAnswersUnlessOneIsNamed) {
  const auto catalog = Open({Package("length", "10"), Package("length", "9"), Package("length", "9.1")});
  Settle(**catalog);
  EXPECT_EQ((*(*catalog)->Classifier("length", ""))->model().package().version, "10");
  EXPECT_EQ((*(*catalog)->Classifier("length", "9"))->model().package().version, "9");
  EXPECT_EQ((*catalog)->List()[1].version, "9.1");
  EXPECT_EQ((*catalog)->Classifier("length", "8").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ((*catalog)->Classifier("other", "").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ModelCatalogTest, WrongPackagesStopTheStart) {
  EXPECT_EQ(Open({folder_ / "nothing"}).status().code(), absl::StatusCode::kNotFound);
  const std::string package = Package("length", "1");
  EXPECT_EQ(Open({package, package}).status().code(), absl::StatusCode::kInvalidArgument);
  std::ofstream(package + "/model.yaml", std::ios::app) << "surprise: 1\n";
  EXPECT_THAT(std::string(Message(Open({package}).status())), HasSubstr("model.yaml:13: 'surprise'"));
}

TEST_F(ModelCatalogTest, EndsWhileAModelIsLoading) {
  const auto catalog = Open({Package("a", "1"), Package("b", "1")});
  (*catalog)->Start();
}

TEST_F(ModelCatalogTest, RunsAreCounted) {
  const auto catalog = Open({Package("length", "1")});
  Settle(**catalog);
  const auto classifier = (*catalog)->Classifier("length", "");
  const auto classes = async::BlockOn((*classifier)->Classify(RequestContext(), {"ab", "abc"}));
  ASSERT_TRUE(classes.ok()) << classes.status();
  const std::string text = observe::Expose(metrics_, observe::Exposition::kPrometheusText);
  EXPECT_THAT(text, HasSubstr("starling_inference_rows_total{model=\"length\",version=\"1\"} 2"));
  EXPECT_THAT(text, HasSubstr("starling_inference_elements_total{model=\"length\",version=\"1\"} 5"));
  EXPECT_THAT(text, HasSubstr("starling_inference_queue_size{model=\"length\",version=\"1\"} 0"));
}

}  // namespace
}  // namespace starling::models

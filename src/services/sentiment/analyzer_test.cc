#include "services/sentiment/analyzer.h"

#include <gtest/gtest.h>

#include "base/status.h"
#include "core/async/spawn.h"

namespace starling::sentiment {
namespace {

// Calls every text positive, with a probability that betrays its length.
class FakeModels final : public models::v1::ModelsService {
 public:
  absl::Status failure;
  int answers_missing = 0;

  async::Task<absl::StatusOr<models::v1::ClassifyTextResponse>> ClassifyText(
      RequestContext, const models::v1::ClassifyTextRequest& request) override {
    if (!failure.ok()) co_return failure;
    EXPECT_EQ(request.model(), "sentiment");
    models::v1::ClassifyTextResponse response;
    for (int i = 0; i < request.texts_size() - answers_missing; ++i) {
      auto& result = *response.add_results();
      result.set_label("positive");
      result.set_probability(0.9f + 0.01f * static_cast<float>(request.texts(i).size()));
    }
    co_return response;
  }
  async::Task<absl::StatusOr<models::v1::InferResponse>> Infer(RequestContext,
                                                               const models::v1::InferRequest&) override {
    co_return Unimplemented("not asked");
  }
  async::Task<absl::StatusOr<models::v1::ListModelsResponse>> ListModels(
      RequestContext, const models::v1::ListModelsRequest&) override {
    co_return Unimplemented("not asked");
  }
  async::Task<absl::StatusOr<models::v1::Model>> GetModel(RequestContext,
                                                          const models::v1::GetModelRequest&) override {
    co_return Unimplemented("not asked");
  }
};

class AnalyzerTest : public testing::Test {
 protected:
  absl::StatusOr<v1::AnalyzeSentimentResponse> Analyze(const std::vector<std::string>& texts) {
    SentimentConfig config;
    config.max_texts = 3;
    config.max_text_bytes = 4;
    Analyzer analyzer(config, models_);
    v1::AnalyzeSentimentRequest request;
    for (const std::string& text : texts) request.add_texts(text);
    return async::BlockOn(analyzer.AnalyzeSentiment(RequestContext(), request));
  }
  FakeModels models_;
};

TEST_F(AnalyzerTest, PairsTextsWithTheirAnswersInOrder) {
  const auto response = Analyze({"", "ab", "abcd"});
  ASSERT_TRUE(response.ok());
  ASSERT_EQ(response->results_size(), 3);
  EXPECT_EQ(response->results(1).text(), "ab");
  EXPECT_EQ(response->results(0).confidence(), 0.9);
  EXPECT_EQ(response->results(1).confidence(), 0.92);
  EXPECT_EQ(response->results(2).confidence(), 0.94);
}

TEST_F(AnalyzerTest, LimitsAreSettings) {
  EXPECT_EQ(Analyze({"a", "b", "c", "d"}).status().message(), "'texts' must hold at most 3 strings, not 4.");
  EXPECT_EQ(Analyze({"a", "12345"}).status().message(), "'texts[1]' must be at most 4 bytes long, not 5.");
}

TEST_F(AnalyzerTest, FailuresOfTheModelsServicePass) {
  models_.failure = WithRetryAfter(Unavailable("loading"), std::chrono::milliseconds(500));
  EXPECT_TRUE(RetryAfter(Analyze({"a"}).status()).has_value());
}

TEST_F(AnalyzerTest, AModelThatIsNotThereIsNoFaultOfTheCaller) {
  models_.failure = NotFound("There is no model 'foo'.");
  EXPECT_EQ(Analyze({"a"}).status().code(), absl::StatusCode::kInternal);
}

TEST_F(AnalyzerTest, AMissingAnswerIsABug) {
  models_.answers_missing = 1;
  EXPECT_EQ(Analyze({"a", "b"}).status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace starling::sentiment

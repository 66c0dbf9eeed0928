#include "services/fraud/scorer.h"

#include <gtest/gtest.h>

#include "base/status.h"
#include "core/async/spawn.h"
#include "services/fraud/transaction_row.h"

namespace starling::fraud {
namespace {

// Answers with the probability that it was given, and contributions 1, -2, 3, -4 ... of the features.
class FakeModels final : public models::v1::ModelsService {
 public:
  absl::Status failure;
  float probability = 0.5;
  int outputs = 2;

  async::Task<absl::StatusOr<models::v1::InferResponse>> Infer(
      RequestContext, const models::v1::InferRequest& request) override {
    if (!failure.ok()) co_return failure;
    EXPECT_EQ(request.model(), "fraud");
    EXPECT_EQ(request.inputs(0).shape(1), static_cast<int64_t>(FeatureNames().size()));
    EXPECT_EQ(request.inputs(0).data().size(), FeatureNames().size() * sizeof(float));
    models::v1::InferResponse response;
    response.set_version("7");
    if (outputs > 0) response.add_outputs()->set_data(&probability, sizeof probability);
    if (outputs > 1) {
      std::vector<float> contributions;
      for (size_t i = 0; i <= FeatureNames().size(); ++i) {
        contributions.push_back(static_cast<float>(i + 1) * (i % 2 == 0 ? 1.0f : -1.0f));
      }
      response.add_outputs()->set_data(contributions.data(), contributions.size() * sizeof(float));
    }
    co_return response;
  }
  async::Task<absl::StatusOr<models::v1::ClassifyTextResponse>> ClassifyText(
      RequestContext, const models::v1::ClassifyTextRequest&) override {
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

class ScorerTest : public testing::Test {
 protected:
  absl::StatusOr<v1::ScoreTransactionResponse> Ask() {
    Scorer scorer(config_, models_);
    v1::ScoreTransactionRequest request;
    request.set_transaction_id("t-1");
    request.set_amount(100);
    request.set_merchant_category("fuel");
    request.set_channel("online");
    request.mutable_time()->set_seconds(0);
    return async::BlockOn(scorer.ScoreTransaction(RequestContext(), request));
  }
  std::string GradeOf(float probability) {
    models_.probability = probability;
    return Ask()->decision();
  }
  FraudConfig config_;
  FakeModels models_;
};

TEST_F(ScorerTest, SaysWhatTheModelSaidAndWhy) {
  config_.reasons = 3;
  const auto response = Ask();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->transaction_id(), "t-1");
  EXPECT_EQ(response->fraud_score(), 0.5);
  EXPECT_EQ(response->model_version(), "7");
  ASSERT_EQ(response->reasons_size(), 3);
  const auto last = FeatureNames().size();
  EXPECT_EQ(response->reasons(0).feature(), FeatureNames()[last - 1]);
  EXPECT_EQ(std::abs(response->reasons(0).contribution()), static_cast<double>(last));
  EXPECT_FALSE(response->reasons(0).has_value());
  double sum = response->baseline() + response->other_contributions();
  for (const auto& reason : response->reasons()) sum += reason.contribution();
  EXPECT_DOUBLE_EQ(sum, response->log_odds());
}

TEST_F(ScorerTest, KnownValuesStandBesideTheirContributions) {
  config_.reasons = 100;
  const auto response = Ask();
  ASSERT_TRUE(response.ok()) << response.status();
  const auto& weakest = response->reasons(response->reasons_size() - 1);
  EXPECT_EQ(weakest.feature(), "amount");
  EXPECT_EQ(weakest.value(), 100);
}

TEST_F(ScorerTest, ThresholdsAreSettings) {
  config_.review_from = 0.25;
  config_.decline_from = 0.5;
  EXPECT_EQ(GradeOf(0.24f), "approve");
  EXPECT_EQ(GradeOf(0.25f), "review");
  EXPECT_EQ(GradeOf(0.5f), "decline");
}

TEST_F(ScorerTest, FailuresOfTheModelsServicePass) {
  models_.failure = WithRetryAfter(Unavailable("loading"), std::chrono::milliseconds(500));
  EXPECT_TRUE(RetryAfter(Ask().status()).has_value());
}

TEST_F(ScorerTest, AMissingAnswerIsABug) {
  models_.outputs = 1;
  EXPECT_EQ(Ask().status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace starling::fraud

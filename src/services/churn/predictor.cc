#include "services/churn/predictor.h"

#include <cmath>
#include <utility>
#include <vector>

#include "base/status.h"
#include "core/inference/explanation.h"
#include "core/rpc/behind_setting.h"
#include "services/churn/customer_row.h"

namespace starling::churn {
namespace {

// The model computes with some seven digits; as a double a number would be written with all the noise behind them.
double SixDigits(double number) { return std::round(number * 1e6) / 1e6; }

const char* Risk(const ChurnConfig& config, double probability) {
  if (probability >= config.high_from) return "high";
  return probability >= config.medium_from ? "medium" : "low";
}

models::v1::InferRequest Question(const std::string& model, const std::vector<float>& row) {
  models::v1::InferRequest question;
  question.set_model(model);
  auto& input = *question.add_inputs();
  input.set_name("features");
  input.set_datatype("FP32");
  input.add_shape(1);
  input.add_shape(static_cast<int64_t>(row.size()));
  input.set_data(row.data(), row.size() * sizeof(float));
  question.add_outputs("probabilities");
  question.add_outputs("contributions");
  return question;
}

void AddReasons(const inference::Explanation& explanation, const std::vector<float>& row,
                v1::PredictChurnResponse* response) {
  for (const inference::Reason& reason : explanation.reasons) {
    auto& added = *response->add_reasons();
    added.set_feature(FeatureNames()[reason.feature]);
    if (!std::isnan(row[reason.feature]))
      added.set_value(SixDigits(static_cast<double>(row[reason.feature])));
    added.set_contribution(SixDigits(reason.contribution));
  }
}

}  // namespace

async::Task<absl::StatusOr<v1::PredictChurnResponse>> Predictor::PredictChurn(
    RequestContext context, const v1::PredictChurnRequest& request) {
  const std::vector<float> row = CustomerRow(request);
  const models::v1::InferRequest question = Question(config_.model, row);
  const auto answer = co_await models_.Infer(std::move(context), question);
  if (!answer.ok()) co_return rpc::BehindSetting(answer.status(), "churn.model");
  if (answer->outputs_size() != 2) {
    co_return Internal("Model ", config_.model, " answered with ", answer->outputs_size(),
                       " outputs in place of 2.");
  }
  const auto explanation = inference::Explain(answer->outputs(0).data(), answer->outputs(1).data(),
                                              FeatureNames().size(), static_cast<size_t>(config_.reasons));
  if (!explanation.ok()) co_return explanation.status();
  v1::PredictChurnResponse response;
  response.set_user_id(request.user_id());
  response.set_churn_probability(SixDigits(explanation->probability));
  response.set_risk(Risk(config_, explanation->probability));
  AddReasons(*explanation, row, &response);
  response.set_log_odds(SixDigits(explanation->log_odds));
  response.set_baseline(SixDigits(explanation->baseline));
  response.set_other_contributions(SixDigits(explanation->others));
  response.set_model_version(answer->version());
  co_return response;
}

}  // namespace starling::churn

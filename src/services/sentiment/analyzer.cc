#include "services/sentiment/analyzer.h"

#include <cmath>
#include <utility>

#include "base/status.h"
#include "core/rpc/behind_setting.h"

namespace starling::sentiment {
namespace {

// A model's float has some seven digits; as a double it would be written with all the noise behind them.
double SixDigits(float probability) { return std::round(static_cast<double>(probability) * 1e6) / 1e6; }

absl::Status CheckLimits(const SentimentConfig& config, const v1::AnalyzeSentimentRequest& request) {
  if (request.texts_size() > config.max_texts) {
    return ViolationError({"texts", "repeated.max_items",
                           StrCat("'texts' must hold at most ", config.max_texts, " strings, not ",
                                  request.texts_size(), ".")});
  }
  for (int i = 0; i < request.texts_size(); ++i) {
    const auto size = static_cast<int64_t>(request.texts(i).size());
    if (size > config.max_text_bytes) {
      const std::string field = StrCat("texts[", i, "]");
      return ViolationError(
          {field, "string.max_bytes",
           StrCat("'", field, "' must be at most ", config.max_text_bytes, " bytes long, not ", size, ".")});
    }
  }
  return absl::OkStatus();
}

}  // namespace

async::Task<absl::StatusOr<v1::AnalyzeSentimentResponse>> Analyzer::AnalyzeSentiment(
    RequestContext context, const v1::AnalyzeSentimentRequest& request) {
  CO_RETURN_IF_ERROR(CheckLimits(config_, request));
  models::v1::ClassifyTextRequest classify;
  classify.set_model(config_.model);
  *classify.mutable_texts() = request.texts();
  auto classified = co_await models_.ClassifyText(std::move(context), classify);
  if (!classified.ok()) co_return rpc::BehindSetting(classified.status(), "sentiment.model");
  if (classified->results_size() != request.texts_size()) {
    co_return Internal("Model ", config_.model, " answered ", classified->results_size(), " of ",
                       request.texts_size(), " texts.");
  }
  v1::AnalyzeSentimentResponse response;
  for (int i = 0; i < request.texts_size(); ++i) {
    v1::SentimentResult& result = *response.add_results();
    result.set_text(request.texts(i));
    result.set_sentiment(classified->results(i).label());
    result.set_confidence(SixDigits(classified->results(i).probability()));
  }
  co_return response;
}

}  // namespace starling::sentiment

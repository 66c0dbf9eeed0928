// What the service does, apart from how it is called.
#pragma once

#include "core/run/service.h"
#include "services/sentiment/config.h"
#include "starling/models/v1/models.starling.h"
#include "starling/sentiment/v1/sentiment.starling.h"

namespace starling::sentiment {

// Checks the limits that are settings, asks the models service for labels, and pairs them with the texts. Thread-safe.
class Analyzer final : public v1::SentimentService {
 public:
  // `models` outlives it.
  Analyzer(const SentimentConfig& config, models::v1::ModelsService& models)
      : config_(config), models_(models) {}

  async::Task<absl::StatusOr<v1::AnalyzeSentimentResponse>> AnalyzeSentiment(
      RequestContext context, const v1::AnalyzeSentimentRequest& request) override;

 private:
  const SentimentConfig config_;
  models::v1::ModelsService& models_;
};

}  // namespace starling::sentiment

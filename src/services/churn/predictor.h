// What the service does, apart from how it is called.
#pragma once

#include "core/run/service.h"
#include "services/churn/config.h"
#include "starling/churn/v1/churn.starling.h"
#include "starling/models/v1/models.starling.h"

namespace starling::churn {

// Turns a customer into the model's row, asks the models service, and says what came of it and why. Thread-safe.
class Predictor final : public v1::ChurnService {
 public:
  // `models` outlives it.
  Predictor(const ChurnConfig& config, models::v1::ModelsService& models)
      : config_(config), models_(models) {}

  async::Task<absl::StatusOr<v1::PredictChurnResponse>> PredictChurn(
      RequestContext context, const v1::PredictChurnRequest& request) override;

 private:
  const ChurnConfig config_;
  models::v1::ModelsService& models_;
};

}  // namespace starling::churn

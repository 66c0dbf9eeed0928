// What the service does, apart from how it is called.
#pragma once

#include "core/run/service.h"
#include "services/fraud/config.h"
#include "starling/fraud/v1/fraud.starling.h"
#include "starling/models/v1/models.starling.h"

namespace starling::fraud {

// Turns a transaction into the model's row, asks the models service, and says what came of it and why. Thread-safe.
class Scorer final : public v1::FraudService {
 public:
  // `models` outlives it.
  Scorer(const FraudConfig& config, models::v1::ModelsService& models) : config_(config), models_(models) {}

  async::Task<absl::StatusOr<v1::ScoreTransactionResponse>> ScoreTransaction(
      RequestContext context, const v1::ScoreTransactionRequest& request) override;

 private:
  const FraudConfig config_;
  models::v1::ModelsService& models_;
};

}  // namespace starling::fraud

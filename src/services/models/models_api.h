// The contract's methods on top of the catalog.
#pragma once

#include <cstdint>

#include "services/models/model_catalog.h"
#include "starling/models/v1/models.starling.h"

namespace starling::models {

// Thread-safe. The catalog outlives it.
class ModelsApi final : public v1::ModelsService {
 public:
  ModelsApi(const ModelCatalog& catalog, int64_t max_texts) : catalog_(catalog), max_texts_(max_texts) {}

  // INVALID_ARGUMENT: more than max_texts texts. Else the errors of ModelCatalog::Classifier and TextClassifier::Classify.
  async::Task<absl::StatusOr<v1::ClassifyTextResponse>> ClassifyText(
      RequestContext context, const v1::ClassifyTextRequest& request) override;
  async::Task<absl::StatusOr<v1::ListModelsResponse>> ListModels(
      RequestContext context, const v1::ListModelsRequest& request) override;
  async::Task<absl::StatusOr<v1::Model>> GetModel(RequestContext context,
                                                  const v1::GetModelRequest& request) override;

 private:
  const ModelCatalog& catalog_;
  const int64_t max_texts_;
};

}  // namespace starling::models

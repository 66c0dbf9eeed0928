// The contract's methods on top of the repository.
#pragma once

#include <cstdint>

#include "services/models/repository/model_repository.h"
#include "services/models/request_limits.h"
#include "services/models/traffic/traffic_router.h"
#include "starling/models/v1/models.starling.h"

namespace starling::models {

// Thread-safe. The repository and the router outlive it.
class ModelsApi final : public v1::ModelsService {
 public:
  ModelsApi(ModelRepository& repository, TrafficRouter& traffic, int64_t max_texts)
      : repository_(repository), traffic_(traffic), max_texts_(max_texts) {}

  // INVALID_ARGUMENT: more than max_texts texts. Else the errors of ModelRepository::Find and TextClassifier::Classify.
  async::Task<absl::StatusOr<v1::ClassifyTextResponse>> ClassifyText(
      RequestContext context, const v1::ClassifyTextRequest& request) override;
  // INVALID_ARGUMENT: a tensor that is unknown, missing, there twice or does not fit. Else the errors of
  // ModelRepository::Acquire and ServedModel::Infer.
  async::Task<absl::StatusOr<v1::InferResponse>> Infer(RequestContext context,
                                                       const v1::InferRequest& request) override;
  async::Task<absl::StatusOr<v1::ListModelsResponse>> ListModels(
      RequestContext context, const v1::ListModelsRequest& request) override;
  async::Task<absl::StatusOr<v1::Model>> GetModel(RequestContext context,
                                                  const v1::GetModelRequest& request) override;

 private:
  // Both: the limits live until the task is done.
  async::Task<absl::StatusOr<v1::ClassifyTextResponse>> AskClasses(std::string name, std::string version,
                                                                   const RequestLimits& limits,
                                                                   const v1::ClassifyTextRequest& request);
  async::Task<absl::StatusOr<v1::InferResponse>> AskTensors(std::string name, std::string version,
                                                            const RequestLimits& limits,
                                                            const v1::InferRequest& request);

  ModelRepository& repository_;
  TrafficRouter& traffic_;
  const int64_t max_texts_;
};

}  // namespace starling::models

// What the repository says of models, as the protocol's messages.
#pragma once

#include <string>
#include <vector>

#include "inference/grpc_service.pb.h"
#include "services/models/repository/model_info.h"

namespace starling::models::oip {

// `versions`: all that may be asked for.
::inference::ModelMetadataResponse ToMetadata(const ModelInfo& model,
                                              const std::vector<std::string>& versions);
::inference::ModelConfig ToConfig(const ModelInfo& model);
::inference::ModelStatistics ToStatistics(const models::ModelStatistics& statistics);
// "READY", "LOADING", "UNLOADING" or "UNAVAILABLE", as Triton's index has them.
std::string_view RepositoryState(ModelState state);

}  // namespace starling::models::oip

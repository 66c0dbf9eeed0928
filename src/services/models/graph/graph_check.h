// Whether a graph and the models that it names fit together.
#pragma once

#include "absl/status/status.h"
#include "core/inference/package/model_package.h"
#include "services/models/graph/graph_models.h"

namespace starling::models {

// INVALID_ARGUMENT with a sentence that names the step: for a model that is not there, a tensor that its model does not have or want, one of another type
// or shape, a graph within itself or too deep. UNAVAILABLE: a model does not say yet what its tensors are.
absl::Status CheckGraph(const inference::ModelPackage& package, const GraphModels& models);

// Whether tensors of one specification can be those of another.
bool TensorsFit(const inference::TensorSpec& given, const inference::TensorSpec& wanted);

}  // namespace starling::models

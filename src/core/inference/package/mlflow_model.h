// A folder that MLflow's save_model or log_model wrote, as a model package. Format: mlflow.org/docs, "MLflow Models", storage format.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "core/inference/package/model_package.h"

namespace starling::inference {

// What MLflow calls the description of a model.
inline constexpr std::string_view kMlflowModelFile = "MLmodel";

// Reads source.file, an MLmodel. Of its flavours, ways to load the same model, `xgboost` and `onnx` are run: their files are data.
// INVALID_ARGUMENT "<file>:<line>: <what>" if it has neither: all others load pickles or Python code. Its tensors are the model
// file's (package.inputs and outputs empty); of trees, predictions alone.
absl::StatusOr<ModelPackage> ReadMlflowModel(const PackageSource& source);

}  // namespace starling::inference

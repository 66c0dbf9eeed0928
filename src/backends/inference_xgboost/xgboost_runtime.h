// XGBoost behind inference::Runtime: boosted trees saved as JSON or UBJSON, on the processor.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/inference/runtime.h"

namespace starling::inference_xgboost {

// Models have the one input `features`, FP32 [rows, features]; a number that is missing is NaN. Outputs: see outputs.h; only
// those that the package names are computed.
//
// Options of a package (model.yaml, `runtime_options`):
//   missing       the number that stands for "not known"; NaN by default
//   rounds        how many rounds of trees answer: a number, `all`, `best` (of early stopping) or `auto`, the default: as the Python
//                 class that saved the model predicts, which is `best` for scikit-learn's estimators and `all` for a Booster
//   max_file_mb   larger files are refused, before they are read; 128 by default
//
// Pickles, which run code when they are loaded, are refused, as are files that are broken in any way: see model_facts.h.
absl::StatusOr<std::unique_ptr<inference::Runtime>> MakeRuntime();

}  // namespace starling::inference_xgboost

// What a model file says of itself, after it was checked.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "backends/inference_xgboost/model_value.h"

namespace starling::inference_xgboost {

struct ModelFacts {
  std::string objective;  // "binary:logistic"
  size_t features = 0;
  size_t groups = 1;  // outputs of a row: classes or targets
  size_t trees = 0;
};

// Checks all that XGBoost takes on trust, which would read or write beyond its memory: sizes of lists, numbers of nodes,
// features, groups and trees, and that each tree is one. INVALID_ARGUMENT with a sentence for what is wrong, and for models
// that are not supported: other boosters than gbtree and dart, trees with several values in a leaf, names of categories.
absl::StatusOr<ModelFacts> CheckModel(const Value& document);

}  // namespace starling::inference_xgboost

// What a model file says of itself, after it was checked.
#pragma once

#include <cstddef>
#include <optional>
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
  // Trees of the first i rounds of training, for each i from 0 to their number.
  std::vector<size_t> trees_of_rounds;
  // Whether XGBoost's scikit-learn interface saved it, which predicts with the best round's trees; a Booster does with all.
  bool is_estimator = false;
  // Rounds up to and with the best one of early stopping, if training looked for it; may be more than there are.
  std::optional<size_t> best_rounds;

  size_t rounds() const { return trees_of_rounds.size() - 1; }
};

// Checks all that XGBoost takes on trust, which would read or write beyond its memory: sizes of lists, numbers of nodes,
// features, groups and trees, and that each tree is one. INVALID_ARGUMENT with a sentence for what is wrong, and for models
// that are not supported: other boosters than gbtree and dart, trees with several values in a leaf, names of categories.
absl::StatusOr<ModelFacts> CheckModel(const Value& document);

}  // namespace starling::inference_xgboost

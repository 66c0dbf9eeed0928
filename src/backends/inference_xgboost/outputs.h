// The outputs that a model of XGBoost has here, by name.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "backends/inference_xgboost/model_facts.h"
#include "core/inference/runtime.h"

namespace starling::inference_xgboost {

enum class OutputKind {
  kProbabilities,  // FP32 [rows, 1] of the second class, or [rows, classes]
  kPredictions,    // FP32 [rows, groups]: what the objective makes of the margins
  kMargins,        // FP32 [rows, groups]: sums of the trees
  kLeaves,         // INT32 [rows, trees]: number of the node in which the row ends
  kContributions,  // FP32 [rows, features + 1] or [rows, groups, features + 1]: SHAP values; the last is the bias; they
                   // add up to the margin (Lundberg et al., arXiv:1802.03888)
};

// How much of a model answers: what `wanted` (the option `rounds`) makes of it. `auto` is as the Python class that saved it
// predicts: the best round of early stopping and those before it for scikit-learn's estimators, all for a Booster.
// INVALID_ARGUMENT if the model has no such round.
absl::StatusOr<size_t> ChooseRounds(const ModelFacts& facts, const std::string& wanted);

struct Output {
  OutputKind kind;
  inference::TensorSpec spec;
};

// Those of `wanted` that the model has, in that order; all that it has if `wanted` is empty. Leaves are those of the first
// `rounds` rounds.
std::vector<Output> ChooseOutputs(const ModelFacts& facts, size_t rounds,
                                  const std::vector<std::string>& wanted);

}  // namespace starling::inference_xgboost

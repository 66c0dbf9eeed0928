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

struct Output {
  OutputKind kind;
  inference::TensorSpec spec;
};

// Those of `wanted` that the model has, in that order; all that it has if `wanted` is empty.
std::vector<Output> ChooseOutputs(const ModelFacts& facts, const std::vector<std::string>& wanted);

}  // namespace starling::inference_xgboost

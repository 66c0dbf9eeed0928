#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "backends/inference_xgboost/model_value.h"

namespace starling::inference_xgboost {

// Bits that the sets of categories of one model may take in memory: a set has a bit per category up to its largest, so a
// small file could ask for much.
constexpr double kMaxCategoryBits = 1 << 30;

// OK if every node that can be reached in `tree` is there once and asks for one of `features` features. INVALID_ARGUMENT with
// half a sentence otherwise: "its left_children ...". `category_bits` counts up, tree by tree.
absl::Status CheckTree(const Value& tree, size_t features, double* category_bits);

// The whole number that a member holds as a text, as XGBoost writes its parameters; `fallback` if there is no such member.
// INVALID_ARGUMENT if it is no such text or outside of 0 to `most`.
absl::StatusOr<size_t> Parameter(const Value& object, std::string_view name, size_t fallback, size_t most);

}  // namespace starling::inference_xgboost

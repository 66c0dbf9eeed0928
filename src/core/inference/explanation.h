// What a boosted model of two classes says of one row, and which features made it say so.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::inference {

struct Reason {
  size_t feature = 0;       // its number
  double contribution = 0;  // SHAP value, in log-odds (Lundberg et al., arXiv:1802.03888)
};

// baseline + the contributions of `reasons` + others == log_odds.
struct Explanation {
  double probability = 0;
  double log_odds = 0;
  double baseline = 0;          // the log-odds before any feature is known
  std::vector<Reason> reasons;  // the strongest first, whichever way they moved it; none that moved nothing
  double others = 0;            // the sum of those that are not in `reasons`
};

// `contributions`: one FP32 for each of `features`, and the bias; `probability`: one FP32; both as a tensor's bytes. INTERNAL
// if there are more or fewer, or one is not a number.
absl::StatusOr<Explanation> Explain(std::string_view probability, std::string_view contributions,
                                    size_t features, size_t max_reasons);

}  // namespace starling::inference

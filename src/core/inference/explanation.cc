#include "core/inference/explanation.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/status.h"

namespace starling::inference {
namespace {

double NumberAt(std::string_view bytes, size_t index) {
  float number = 0;
  std::memcpy(&number, bytes.data() + index * sizeof(float), sizeof(float));
  return static_cast<double>(number);
}

}  // namespace

absl::StatusOr<Explanation> Explain(std::string_view probability, std::string_view contributions,
                                    size_t features, size_t max_reasons) {
  if (probability.size() != sizeof(float) || contributions.size() != (features + 1) * sizeof(float)) {
    return Internal("The model answered with ", probability.size(), " and ", contributions.size(),
                    " bytes in place of ", sizeof(float), " and ", (features + 1) * sizeof(float), ".");
  }
  Explanation explanation;
  explanation.probability = NumberAt(probability, 0);
  explanation.baseline = NumberAt(contributions, features);
  std::vector<Reason> all;
  for (size_t feature = 0; feature < features; ++feature) {
    const double contribution = NumberAt(contributions, feature);
    if (std::isnan(contribution))
      return Internal("The model answered with a contribution that is no number.");
    if (contribution != 0) all.push_back({feature, contribution});
  }
  std::sort(all.begin(), all.end(), [](const Reason& left, const Reason& right) {
    const double a = std::abs(left.contribution), b = std::abs(right.contribution);
    return a != b ? a > b : left.feature < right.feature;
  });
  explanation.log_odds = explanation.baseline;
  for (size_t i = 0; i < all.size(); ++i) {
    explanation.log_odds += all[i].contribution;
    if (i >= max_reasons) explanation.others += all[i].contribution;
  }
  if (!std::isfinite(explanation.log_odds) ||
      !(explanation.probability >= 0 && explanation.probability <= 1)) {
    return Internal("The model answered with what is no probability or no finite contribution.");
  }
  all.resize(std::min(all.size(), max_reasons));
  explanation.reasons = std::move(all);
  return explanation;
}

}  // namespace starling::inference

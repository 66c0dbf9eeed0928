#include "backends/inference_xgboost/outputs.h"

#include <algorithm>

namespace starling::inference_xgboost {

using inference::DataType;
using inference::Shape;

std::vector<Output> ChooseOutputs(const ModelFacts& facts, const std::vector<std::string>& wanted) {
  const auto groups = static_cast<int64_t>(facts.groups);
  const auto columns = static_cast<int64_t>(facts.features) + 1;
  const Shape per_group = {-1, groups};
  std::vector<Output> all;
  // multi:softmax predicts the number of the class, and its probabilities are left out.
  if (facts.objective == "binary:logistic" || facts.objective == "multi:softprob") {
    all.push_back({OutputKind::kProbabilities, {"probabilities", DataType::kFp32, per_group}});
  }
  const bool one_class_number = facts.objective == "multi:softmax";
  all.push_back({OutputKind::kPredictions,
                 {"predictions", DataType::kFp32, one_class_number ? Shape{-1, 1} : per_group}});
  all.push_back({OutputKind::kMargins, {"margins", DataType::kFp32, per_group}});
  all.push_back({OutputKind::kLeaves, {"leaves", DataType::kInt32, {-1, static_cast<int64_t>(facts.trees)}}});
  all.push_back(
      {OutputKind::kContributions,
       {"contributions", DataType::kFp32, groups == 1 ? Shape{-1, columns} : Shape{-1, groups, columns}}});
  if (wanted.empty()) return all;
  std::vector<Output> chosen;
  for (const std::string& name : wanted) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&name](const Output& output) { return output.spec.name == name; });
    if (found != all.end()) chosen.push_back(*found);
  }
  return chosen;
}

}  // namespace starling::inference_xgboost

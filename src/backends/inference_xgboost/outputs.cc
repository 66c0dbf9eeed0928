#include "backends/inference_xgboost/outputs.h"

#include <algorithm>
#include <charconv>

#include "base/status.h"

namespace starling::inference_xgboost {

using inference::DataType;
using inference::Shape;

absl::StatusOr<size_t> ChooseRounds(const ModelFacts& facts, const std::string& wanted) {
  size_t rounds = facts.rounds();
  if (wanted == "best" || (wanted == "auto" && facts.is_estimator && facts.best_rounds.has_value())) {
    if (!facts.best_rounds.has_value()) {
      return InvalidArgument(
          "it names no best round, as early stopping does; the option rounds may be all or a number.");
    }
    rounds = *facts.best_rounds;
  } else if (wanted != "auto" && wanted != "all") {
    const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), rounds);
    if (error != std::errc() || end != wanted.data() + wanted.size() || rounds == 0) {
      return InvalidArgument("the option rounds is '", wanted,
                             "'; it may be auto, best, all or a number from 1 on.");
    }
  }
  if (rounds > facts.rounds()) {
    return InvalidArgument("it has ", facts.rounds(), " rounds of trees, and ", rounds, " are to answer.");
  }
  return rounds;
}

std::vector<Output> ChooseOutputs(const ModelFacts& facts, size_t rounds,
                                  const std::vector<std::string>& wanted) {
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
  const auto trees = static_cast<int64_t>(facts.trees_of_rounds[rounds]);
  all.push_back({OutputKind::kLeaves, {"leaves", DataType::kInt32, {-1, trees}}});
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

#include "backends/inference_xgboost/model_facts.h"

#include <algorithm>

#include "backends/inference_xgboost/tree_check.h"
#include "base/status.h"

namespace starling::inference_xgboost {
namespace {

constexpr size_t kMaxFeatures = 1'000'000;
constexpr size_t kMaxGroups = 10'000;
constexpr size_t kMaxTrees = 1'000'000;

const Value& At(const Value& object, std::string_view name) {
  static const Value none;
  const Value* const found = object.Find(name);
  return found == nullptr ? none : *found;
}

bool IsIndex(double number, size_t size) {
  return number >= 0 && number < static_cast<double>(size) &&
         number == static_cast<double>(static_cast<size_t>(number));
}

absl::Status CheckTrees(const Value& model, const ModelFacts& facts) {
  const Value& trees = At(model, "trees");
  std::vector<bool> seen(facts.trees, false);
  double category_bits = 0;
  for (const Value& tree : trees.items) {
    const Value& id = At(tree, "id");
    // A number given twice would leave another tree out, which XGBoost then takes for being there.
    if (id.kind != Value::Kind::kNumber || !IsIndex(id.number, facts.trees) ||
        seen[static_cast<size_t>(id.number)]) {
      return InvalidArgument("its trees are not numbered from 0 to ", facts.trees - 1, ".");
    }
    const auto number = static_cast<size_t>(id.number);
    seen[number] = true;
    const absl::Status status = CheckTree(tree, facts.features, &category_bits);
    if (!status.ok()) return InvalidArgument("tree ", number, " is broken: ", Message(status), ".");
  }
  return absl::OkStatus();
}

// Which group each tree adds to, and which trees belong to each round.
absl::Status CheckGroups(const Value& model, size_t parallel_trees, ModelFacts& facts) {
  const std::vector<double>& info = At(model, "tree_info").numbers;
  if (info.size() != facts.trees ||
      !std::all_of(info.begin(), info.end(), [&](double group) { return IsIndex(group, facts.groups); })) {
    return InvalidArgument("its tree_info does not name one of ", facts.groups, " groups for each tree.");
  }
  const Value* const rounds = model.Find("iteration_indptr");
  if (rounds == nullptr) {
    const size_t per_round = facts.groups * parallel_trees;
    if (facts.trees % per_round != 0) {
      return InvalidArgument("its ", facts.trees, " trees are no whole number of rounds.");
    }
    for (size_t trees = 0; trees <= facts.trees; trees += per_round) facts.trees_of_rounds.push_back(trees);
    return absl::OkStatus();
  }
  const std::vector<double>& bounds = rounds->numbers;
  const bool rising =
      std::is_sorted(bounds.begin(), bounds.end()) &&
      std::all_of(bounds.begin(), bounds.end(), [&](double at) { return IsIndex(at, facts.trees + 1); });
  if (!rising || bounds.empty() || bounds.front() != 0 || bounds.back() != static_cast<double>(facts.trees)) {
    return InvalidArgument("its iteration_indptr does not lead from 0 to the number of trees.");
  }
  for (const double bound : bounds) facts.trees_of_rounds.push_back(static_cast<size_t>(bound));
  return absl::OkStatus();
}

absl::Status CheckBoosted(const Value& model, ModelFacts* facts) {
  const Value& trees = At(model, "trees");
  facts->trees = trees.items.size();
  const auto stated = Parameter(At(model, "gbtree_model_param"), "num_trees", facts->trees, kMaxTrees);
  const auto parallel = Parameter(At(model, "gbtree_model_param"), "num_parallel_tree", 1, kMaxTrees);
  if (!stated.ok() || *stated != facts->trees || !parallel.ok() || facts->trees == 0 ||
      facts->trees > kMaxTrees || *parallel == 0) {
    return InvalidArgument("it has ", facts->trees, " trees, which is not what it says or can't be.");
  }
  const Value& categories = At(model, "cats");
  if (At(categories, "enc").ListSize() > 0 || At(categories, "feature_segments").ListSize() > 0 ||
      At(categories, "sorted_idx").ListSize() > 0) {
    return InvalidArgument("it holds names of categories, which is not supported: train on their numbers.");
  }
  RETURN_IF_ERROR(CheckTrees(model, *facts));
  return CheckGroups(model, *parallel, *facts);
}

// "[1E0,2E0]" or "1E0", as one number for all groups or one for each.
absl::Status CheckBaseScore(const Value& parameters, size_t groups) {
  const std::string& text = At(parameters, "base_score").text;
  const auto numbers = static_cast<size_t>(std::count(text.begin(), text.end(), ',')) + 1;
  if (text.empty() || (numbers != 1 && numbers != groups)) {
    return InvalidArgument("its base_score is neither one number nor one for each of ", groups, " groups.");
  }
  return absl::OkStatus();
}

absl::Status CheckBooster(const Value& booster, ModelFacts* facts) {
  const std::string& name = At(booster, "name").text;
  if (name == "gbtree") return CheckBoosted(At(booster, "model"), facts);
  if (name != "dart") {
    return InvalidArgument("its booster '", name, "' is not supported; gbtree and dart are.");
  }
  RETURN_IF_ERROR(CheckBoosted(At(At(booster, "gbtree"), "model"), facts));
  const Value& weights = At(booster, "weight_drop");
  if (!weights.items.empty() || weights.numbers.size() != facts->trees) {
    return InvalidArgument("its weight_drop does not have a number for each tree.");
  }
  return absl::OkStatus();
}

// What the Python package notes in a model. best_iteration counts from 0.
absl::Status ReadAttributes(const Value& attributes, ModelFacts* facts) {
  facts->is_estimator = attributes.Find("scikit_learn") != nullptr;
  if (attributes.Find("best_iteration") == nullptr) return absl::OkStatus();
  const auto best = Parameter(attributes, "best_iteration", 0, kMaxTrees);
  if (!best.ok()) return InvalidArgument(Message(best.status()), ".");
  facts->best_rounds = *best + 1;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ModelFacts> CheckModel(const Value& document) {
  const Value& learner = At(document, "learner");
  const Value& parameters = At(learner, "learner_model_param");
  if (parameters.kind != Value::Kind::kObject) {
    return InvalidArgument("it has no learner.learner_model_param, so it is no model of XGBoost.");
  }
  ModelFacts facts;
  facts.objective = At(At(learner, "objective"), "name").text;
  const auto features = Parameter(parameters, "num_feature", 0, kMaxFeatures);
  const auto classes = Parameter(parameters, "num_class", 0, kMaxGroups);
  const auto targets = Parameter(parameters, "num_target", 1, kMaxGroups);
  for (const auto* number : {&features, &classes, &targets}) {
    if (!number->ok()) return InvalidArgument(Message(number->status()), ".");
  }
  if (*features == 0) return InvalidArgument("it has no features.");
  if (*classes > 1 && *targets > 1) return InvalidArgument("it has both classes and targets.");
  facts.features = *features;
  facts.groups = std::max({*classes, *targets, size_t{1}});
  RETURN_IF_ERROR(CheckBaseScore(parameters, facts.groups));
  RETURN_IF_ERROR(CheckBooster(At(learner, "gradient_booster"), &facts));
  RETURN_IF_ERROR(ReadAttributes(At(learner, "attributes"), &facts));
  return facts;
}

}  // namespace starling::inference_xgboost

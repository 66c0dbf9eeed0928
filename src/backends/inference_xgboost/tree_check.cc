#include "backends/inference_xgboost/tree_check.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "base/status.h"

namespace starling::inference_xgboost {
namespace {

// Explanations and some of XGBoost's own functions recurse, a call per level.
constexpr int kMaxTreeDepth = 512;
constexpr double kMaxCategory = 1 << 24;  // XGBoost's own bound

bool IsWhole(double number, double least, double most) {
  return number >= least && number <= most && number == std::floor(number);
}

class TreeCheck {
 public:
  TreeCheck(const Value& tree, size_t features, double* category_bits)
      : tree_(tree), features_(features), category_bits_(*category_bits) {}

  absl::Status Check() {
    RETURN_IF_ERROR(ReadSizes());
    RETURN_IF_ERROR(CheckLists());
    RETURN_IF_ERROR(CheckCategories());
    RETURN_IF_ERROR(CheckParents());
    return Walk();
  }

 private:
  absl::Status ReadSizes() {
    const Value* const parameters = tree_.Find("tree_param");
    if (parameters == nullptr) return InvalidArgument("it has no tree_param");
    ASSIGN_OR_RETURN(nodes_, Parameter(*parameters, "num_nodes", 0, size_t{1} << 30));
    if (nodes_ == 0) return InvalidArgument("it has no nodes");
    ASSIGN_OR_RETURN(const size_t features,
                     Parameter(*parameters, "num_feature", features_, size_t{1} << 30));
    if (features != features_) {
      return InvalidArgument("it is for ", features, " features, the model for ", features_);
    }
    ASSIGN_OR_RETURN(const size_t leaf, Parameter(*parameters, "size_leaf_vector", 1, size_t{1} << 30));
    if (leaf > 1) return InvalidArgument("its leaves hold several values, which is not supported");
    return absl::OkStatus();
  }

  const std::vector<double>* List(std::string_view name) {
    const Value* const value = tree_.Find(name);
    return value == nullptr || !value->items.empty() ? nullptr : &value->numbers;
  }

  // Each has an element per node.
  absl::Status CheckLists() {
    for (const char* name :
         {"left_children", "right_children", "parents", "split_indices", "split_conditions", "default_left",
          "base_weights", "loss_changes", "sum_hessian"}) {
      const auto* const list = List(name);
      if (list == nullptr || list->size() != nodes_) {
        return InvalidArgument("its ", name, " is no list of ", nodes_, " numbers");
      }
    }
    left_ = List("left_children");
    right_ = List("right_children");
    split_ = List("split_indices");
    parent_ = List("parents");
    type_ = List("split_type");
    if (tree_.Find("split_type") != nullptr && (type_ == nullptr || type_->size() != nodes_)) {
      return InvalidArgument("its split_type is no list of ", nodes_, " numbers");
    }
    return absl::OkStatus();
  }

  // categories_nodes[i] splits by the set categories[segments[i] .. segments[i] + sizes[i]).
  absl::Status CheckCategories() {
    const auto wrong = [](std::string_view what) { return InvalidArgument("its ", what, " is wrong"); };
    static const std::vector<double> none;
    const auto list = [this](std::string_view name) {
      const auto* const found = List(name);
      return found == nullptr ? &none : found;
    };
    const auto& nodes = *list("categories_nodes");
    const auto& segments = *list("categories_segments");
    const auto& sizes = *list("categories_sizes");
    const auto& categories = *list("categories");
    if (segments.size() != nodes.size() || sizes.size() != nodes.size()) return wrong("categories_nodes");
    by_category_.assign(nodes.empty() ? 0 : nodes_, false);
    double last = -1;
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (!IsWhole(nodes[i], last + 1, static_cast<double>(nodes_ - 1))) return wrong("categories_nodes");
      last = nodes[i];
      const auto count = static_cast<double>(categories.size());
      if (!IsWhole(segments[i], 0, count)) return wrong("categories_segments");
      if (!IsWhole(sizes[i], 1, count - segments[i])) return wrong("categories_sizes");
      by_category_[static_cast<size_t>(nodes[i])] = true;
      double largest = 0;
      for (size_t at = 0; at < static_cast<size_t>(sizes[i]); ++at) {
        const double category = categories[static_cast<size_t>(segments[i]) + at];
        if (!IsWhole(category, 0, kMaxCategory)) return wrong("categories");
        largest = std::max(largest, category);
      }
      // Counting what was read as well bounds the time that overlapping sets take.
      category_bits_ += largest + sizes[i] + 1;
      if (category_bits_ > kMaxCategoryBits) return InvalidArgument("its sets of categories are too large");
    }
    return absl::OkStatus();
  }

  absl::Status CheckSplit(size_t node) {
    if (!IsWhole((*split_)[node], 0, static_cast<double>(features_) - 1)) {
      return InvalidArgument("its node ", node, " asks for a feature that the model has not");
    }
    const double type = type_ == nullptr ? 0 : (*type_)[node];
    if (type != 0 && (type != 1 || by_category_.empty() || !by_category_[node])) {
      return InvalidArgument("its node ", node, " splits in a way that is not known");
    }
    return absl::OkStatus();
  }

  // Loading looks every node's parent up, also that of nodes which no path leads to any more.
  absl::Status CheckParents() {
    for (size_t node = 1; node < nodes_; ++node) {
      if (!IsWhole((*parent_)[node], 0, static_cast<double>(nodes_ - 1))) {
        return InvalidArgument("its node ", node, " has a parent that can't be");
      }
    }
    return absl::OkStatus();
  }

  // From the root, level by level: every node once.
  absl::Status Walk() {
    std::vector<bool> seen(nodes_, false);
    std::vector<size_t> level = {0};
    seen[0] = true;
    for (int depth = 0; !level.empty(); ++depth) {
      if (depth > kMaxTreeDepth) return InvalidArgument("it has more than ", kMaxTreeDepth, " levels");
      std::vector<size_t> next;
      for (const size_t node : level) {
        const double left = (*left_)[node];
        const double right = (*right_)[node];
        if (left == -1 && right == -1) continue;
        RETURN_IF_ERROR(CheckSplit(node));
        for (const double child : {left, right}) {
          if (!IsWhole(child, 1, static_cast<double>(nodes_ - 1)) || seen[static_cast<size_t>(child)] ||
              (*parent_)[static_cast<size_t>(child)] != static_cast<double>(node)) {
            return InvalidArgument("its node ", node, " has a child that can't be");
          }
          seen[static_cast<size_t>(child)] = true;
          next.push_back(static_cast<size_t>(child));
        }
      }
      level = std::move(next);
    }
    return absl::OkStatus();
  }

  const Value& tree_;
  const size_t features_;
  double& category_bits_;
  size_t nodes_ = 0;
  const std::vector<double>* left_ = nullptr;
  const std::vector<double>* right_ = nullptr;
  const std::vector<double>* parent_ = nullptr;
  const std::vector<double>* split_ = nullptr;
  const std::vector<double>* type_ = nullptr;
  std::vector<bool> by_category_;  // empty if no node is
};

}  // namespace

absl::StatusOr<size_t> Parameter(const Value& object, std::string_view name, size_t fallback, size_t most) {
  const Value* const value = object.Find(name);
  if (value == nullptr) return fallback;
  const std::string& text = value->text;
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (value->kind != Value::Kind::kString || error != std::errc() || end != text.data() + text.size() ||
      number > most) {
    return InvalidArgument("its ", name, " is no whole number from 0 to ", most);
  }
  return number;
}

absl::Status CheckTree(const Value& tree, size_t features, double* category_bits) {
  return TreeCheck(tree, features, category_bits).Check();
}

}  // namespace starling::inference_xgboost

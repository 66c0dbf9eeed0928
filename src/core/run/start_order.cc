#include "core/run/start_order.h"

#include <algorithm>
#include <map>

#include "base/status.h"

namespace starling::run {
namespace {

class Walk {
 public:
  explicit Walk(std::span<const Need> parts) {
    for (const Need& part : parts) parts_[part.name] = &part;
  }

  absl::Status Visit(const std::string& name, const std::string& needed_by) {
    if (std::find(order_.begin(), order_.end(), name) != order_.end()) return absl::OkStatus();
    const auto on_path = std::find(path_.begin(), path_.end(), name);
    if (on_path != path_.end()) {
      std::string chain;
      for (auto it = on_path; it != path_.end(); ++it) chain += *it + " -> ";
      return FailedPrecondition("Services need each other in a circle: ", chain, name, ".");
    }
    const auto part = parts_.find(name);
    if (part == parts_.end()) {
      return FailedPrecondition("Service ", needed_by, " needs ", name, ", which is not configured.");
    }
    path_.push_back(name);
    for (const std::string& need : part->second->needs) RETURN_IF_ERROR(Visit(need, name));
    path_.pop_back();
    order_.push_back(name);
    return absl::OkStatus();
  }

  std::vector<std::string> Take() { return std::move(order_); }

 private:
  std::map<std::string, const Need*> parts_;
  std::vector<std::string> path_, order_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> StartOrder(std::span<const Need> parts) {
  Walk walk(parts);
  for (const Need& part : parts) RETURN_IF_ERROR(walk.Visit(part.name, ""));
  return walk.Take();
}

}  // namespace starling::run

#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::run {

struct Need {
  std::string name;
  std::vector<std::string> needs;
};

// An order in which everything comes after what it needs; otherwise as given. FAILED_PRECONDITION for a need that is not
// among `parts` (with both names), or for a cycle (with its whole chain).
absl::StatusOr<std::vector<std::string>> StartOrder(std::span<const Need> parts);

}  // namespace starling::run

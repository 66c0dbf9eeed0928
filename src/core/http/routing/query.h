#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::http {

// Names and values of a query, in order, percent-decoded, '+' as a space. INVALID_ARGUMENT for a malformed escape.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ParseQuery(std::string_view query);

}  // namespace starling::http

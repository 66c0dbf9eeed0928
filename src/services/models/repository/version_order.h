// The order of versions.
#pragma once

#include <string_view>

namespace starling::models {

// "2" before "10", "1.9" before "1.10": runs of digits count as numbers.
bool VersionLess(std::string_view a, std::string_view b);

}  // namespace starling::models

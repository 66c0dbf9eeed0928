#include "services/models/repository/alias_patterns.h"

#include <algorithm>

#include "base/status.h"

namespace starling::models {

absl::StatusOr<AliasPatterns> AliasPatterns::Parse(const std::vector<std::string>& words) {
  AliasPatterns patterns;
  for (const std::string& word : words) {
    // A model's name may contain the sign, an alias may not.
    const size_t at = word.rfind('@');
    if (at == std::string::npos || at == 0 || at + 1 == word.size()) {
      return InvalidArgument("models.registry.follow: '", word,
                             "' must be MODEL@ALIAS, with * for any, for example \"*@champion\".");
    }
    patterns.patterns_.emplace_back(word.substr(0, at), word.substr(at + 1));
  }
  return patterns;
}

bool AliasPatterns::Match(std::string_view model, std::string_view alias) const {
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const auto& pattern) {
    return (pattern.first == "*" || pattern.first == model) &&
           (pattern.second == "*" || pattern.second == alias);
  });
}

}  // namespace starling::models

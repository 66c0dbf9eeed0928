// AliasPatterns: which of the registry's aliases are followed.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::models {

// Words like `fraud@champion`, where `*` in place of the model or the alias stands for any.
class AliasPatterns {
 public:
  // INVALID_ARGUMENT for a word that is none, in a sentence for the operator.
  static absl::StatusOr<AliasPatterns> Parse(const std::vector<std::string>& words);

  bool Match(std::string_view model, std::string_view alias) const;

 private:
  std::vector<std::pair<std::string, std::string>> patterns_;
};

}  // namespace starling::models

// Settings from the environment and from flags, as trees like the one from a file.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/config/node.h"

namespace starling::config {

using Environment = std::vector<std::pair<std::string, std::string>>;

// The variables of this process.
Environment ProcessEnvironment();

// STARLING_SENTIMENT__MAX_TEXTS=5 is sentiment.max_texts: after the prefix, two underscores stand for a dot,
// and letters become small. Variables without two underscores are not settings (STARLING_SOCKET,
// STARLING_CACHE).
std::vector<NodePtr> EnvironmentSettings(const Environment& environment);

// "sentiment.max_texts=5", from `--set`.
absl::StatusOr<NodePtr> FlagSetting(std::string_view assignment);

}  // namespace starling::config

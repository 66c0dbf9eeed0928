#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/config/node.h"

namespace starling::config {

inline constexpr size_t kMaxFileBytes = 4 << 20;
// Nodes after aliases are expanded: what a few nested aliases could blow up to billions.
inline constexpr size_t kMaxNodes = 100'000;
inline constexpr int kMaxDepth = 64;

// One YAML 1.2 document. `name` goes into the origins, followed by the line unless `with_lines` is false.
// Refused: broken syntax, a key twice in a map, a key that is no scalar, a second document, more than the
// limits above.
absl::StatusOr<NodePtr> ParseYaml(std::string_view text, const std::string& name, bool with_lines = true);

// NOT_FOUND if it cannot be opened.
absl::StatusOr<NodePtr> ReadYamlFile(const std::string& path);

}  // namespace starling::config

// What names of models and aliases, versions and sources may be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace starling::registry {

// INVALID_ARGUMENT: '/' and ':' mean something in `models:/name/version`.
absl::Status CheckModelName(std::string_view name);
// INVALID_ARGUMENT unless letters, digits, '_' and '-'; `latest` and `v1` mean versions to clients.
absl::Status CheckAlias(std::string_view alias);
// INVALID_ARGUMENT unless a whole number from 1 on.
absl::StatusOr<int64_t> ParseVersion(std::string_view version);
// INVALID_ARGUMENT for a source that is no address of a store: `file:`, a path of some machine, an unknown scheme, or a path that
// leads out of its store (also percent-encoded).
absl::Status CheckSource(std::string_view source);

}  // namespace starling::registry

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace starling::http {

// RFC 1952.
std::string Gzip(std::string_view plain);
// RESOURCE_EXHAUSTED as soon as the result is larger than `limit`, INTERNAL if `packed` is not one gzip stream.
absl::StatusOr<std::string> Gunzip(std::string_view packed, size_t limit);

}  // namespace starling::http

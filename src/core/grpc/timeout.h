#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace starling::grpc {

// The value of `grpc-timeout` (PROTOCOL-HTTP2.md, "Timeout": at most 8 digits and a unit), rounded up.
std::string FormatTimeout(std::chrono::nanoseconds left);
// nullopt for anything malformed. Huge values are cut to a hundred days.
std::optional<std::chrono::nanoseconds> ParseTimeout(std::string_view text);

}  // namespace starling::grpc

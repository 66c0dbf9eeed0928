#include "core/grpc/timeout.h"

#include <algorithm>
#include <cstdint>

namespace starling::grpc {
namespace {

struct Unit {
  char letter;
  int64_t nanoseconds;
};
constexpr Unit kUnits[] = {{'n', 1},          {'u', 1000},          {'m', 1000000},
                           {'S', 1000000000}, {'M', 60000000000ll}, {'H', 3600000000000ll}};
constexpr int64_t kMaxDigits = 99999999;
constexpr std::chrono::nanoseconds kMost = std::chrono::hours(2400);

}  // namespace

std::string FormatTimeout(std::chrono::nanoseconds left) {
  const int64_t count = std::max<int64_t>(left.count(), 1);
  for (const Unit& unit : kUnits) {
    const int64_t value = (count - 1) / unit.nanoseconds + 1;
    if (value <= kMaxDigits) return std::to_string(value) + unit.letter;
  }
  return std::to_string(kMaxDigits) + "H";
}

std::optional<std::chrono::nanoseconds> ParseTimeout(std::string_view text) {
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  int64_t value = 0;
  for (const char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  for (const Unit& unit : kUnits) {
    if (unit.letter != text.back()) continue;
    if (value > kMost.count() / unit.nanoseconds) return kMost;
    return std::chrono::nanoseconds(value * unit.nanoseconds);
  }
  return std::nullopt;
}

}  // namespace starling::grpc

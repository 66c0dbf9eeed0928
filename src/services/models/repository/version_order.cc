#include "services/models/repository/version_order.h"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace starling::models {

bool VersionLess(std::string_view a, std::string_view b) {
  const auto take_number = [](std::string_view& text) {
    size_t size = 0;
    while (size < text.size() && std::isdigit(static_cast<unsigned char>(text[size])) != 0) ++size;
    std::string_view number = text.substr(0, size);
    text.remove_prefix(size);
    number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
    return number;
  };
  while (!a.empty() && !b.empty()) {
    const std::string_view left = take_number(a);
    const std::string_view right = take_number(b);
    if (left.size() != right.size()) return left.size() < right.size();
    if (left != right) return left < right;
    if (a.empty() || b.empty()) break;
    if (a[0] != b[0]) return a[0] < b[0];
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return a.size() < b.size();
}

}  // namespace starling::models

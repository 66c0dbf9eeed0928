#include "core/config/suggest.h"

#include <algorithm>

namespace starling::config {

int EditDistance(std::string_view a, std::string_view b) {
  const int columns = static_cast<int>(b.size()) + 1;
  std::vector<int> two_up(columns), above(columns), row(columns);
  for (int j = 0; j < columns; ++j) above[j] = j;
  for (int i = 1; i <= static_cast<int>(a.size()); ++i) {
    row[0] = i;
    for (int j = 1; j < columns; ++j) {
      const int change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], two_up[j - 2] + 1);
    }
    two_up.swap(above);
    above.swap(row);
  }
  return above[columns - 1];
}

std::string Nearest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > 64) return "";
  std::string best;
  int best_distance = 4;
  for (const std::string& candidate : candidates) {
    const int longer = static_cast<int>(std::max(word.size(), candidate.size()));
    const int allowed = std::max(1, longer / 3);
    const int distance = EditDistance(word, candidate);
    if (distance <= allowed && distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace starling::config

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace starling::config {

// Single letters to insert, remove, change or swap with a neighbour (optimal string alignment) to get from a
// to b.
int EditDistance(std::string_view a, std::string_view b);

// The candidate nearest to `word` if it is near enough to be what was meant (at most a third of its letters
// differ, and never more than three), else empty.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace starling::config

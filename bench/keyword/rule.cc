#include "keyword/rule.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace starling::bench {
namespace {

constexpr std::array<std::string_view, 8> kPositive = {"amazing", "excellent", "fantastic", "good",
                                                       "great",   "happy",     "love",      "wonderful"};
constexpr std::array<std::string_view, 8> kNegative = {"awful", "bad",      "broken", "hate",
                                                       "sad",   "terrible", "worst",  "poor"};
constexpr size_t kLongest = 9;

bool IsMark(char c) { return c == '.' || c == ',' || c == '!' || c == '?'; }

bool Among(const std::array<std::string_view, 8>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// +1, -1 or 0.
int Weigh(std::string_view word) {
  while (!word.empty() && IsMark(word.back())) word.remove_suffix(1);
  while (!word.empty() && IsMark(word.front())) word.remove_prefix(1);
  if (word.empty() || word.size() > kLongest) return 0;
  std::array<char, kLongest> lower;
  std::transform(word.begin(), word.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const std::string_view key(lower.data(), word.size());
  return Among(kPositive, key) ? 1 : Among(kNegative, key) ? -1 : 0;
}

}  // namespace

Verdict Judge(std::string_view text) {
  int lead = 0;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    lead += Weigh(text.substr(0, space));
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  if (lead == 0) return {"neutral", 0.5};
  const double n = std::abs(lead);
  return {lead > 0 ? "positive" : "negative", (n + 1) / (n + 2)};
}

}  // namespace starling::bench

// What generated code checks of the rules of a contract (api/buf/validate/validate.proto) that is more than a comparison.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"

namespace re2 {
class RE2;
}

namespace starling::rpc::json {

// A regular expression in RE2's syntax, found in time linear in the text. The generator has compiled it once already. Thread-safe.
class Pattern {
 public:
  explicit Pattern(std::string_view expression);
  ~Pattern();
  bool IsIn(std::string_view text) const;

 private:
  std::unique_ptr<re2::RE2> expression_;
};

// Unicode code points of valid UTF-8.
size_t CodePoints(std::string_view text);
inline bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}
// As HTML's input element takes it (html.spec.whatwg.org, "valid e-mail address").
bool IsEmail(std::string_view text);
bool IsUuid(std::string_view text);

// -1, 0 or 1: a Timestamp or Duration before, at or after one that is given in its two parts.
template <typename Time>
int CompareTime(const Time& time, int64_t seconds, int32_t nanos) {
  if (time.seconds() != seconds) return time.seconds() < seconds ? -1 : 1;
  return time.nanos() < nanos ? -1 : time.nanos() > nanos ? 1 : 0;
}

// A map's key as JSON has it.
inline std::string KeyText(const std::string& key) { return key; }
inline std::string KeyText(bool key) { return key ? "true" : "false"; }
template <typename Int>
std::string KeyText(Int key) {
  return std::to_string(key);
}

// Index of the first item that equals one before it, or the size of the list.
template <typename List>
size_t FirstRepeated(const List& list) {
  absl::flat_hash_set<typename List::value_type> seen;
  size_t index = 0;
  for (const auto& item : list) {
    if (!seen.insert(item).second) break;
    ++index;
  }
  return index;
}

}  // namespace starling::rpc::json

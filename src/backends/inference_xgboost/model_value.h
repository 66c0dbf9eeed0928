// The tree of values in a model file, whichever of the two formats it is written in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::inference_xgboost {

struct Member;

// One value. Plain data; lists of numbers, which are most of a model, lie side by side.
struct Value {
  enum class Kind { kNull, kNumber, kString, kList, kObject };

  Kind kind = Kind::kNull;
  double number = 0;            // true is 1, false is 0
  std::string text;             // of a string
  std::vector<double> numbers;  // of a list of numbers only
  std::vector<Value> items;     // of any other list
  std::vector<Member> members;  // of an object; no name twice

  // The member of that name, or nullptr. nullptr too if this is no object.
  const Value* Find(std::string_view name) const;
  // Adds to a list. False, and nothing is added, if it would then hold both numbers and others: no model has such lists.
  bool Append(Value item);
  size_t ListSize() const { return numbers.size() + items.size(); }
};

struct Member {
  std::string name;
  Value value;
};

// What a reader of either format may be given. Beyond them a file is refused: a small file must not take much memory or
// stack, be it broken or made to do so.
constexpr int kMaxDepth = 64;
constexpr size_t kMaxValues = 2'000'000;  // without numbers in lists; a tree has some 25
constexpr size_t kMaxMembers = 4096;      // of one object; these are looked up one by one

// INVALID_ARGUMENT with the offset of the first byte that can't be. Numbers may be NaN and Infinity, as XGBoost writes.
absl::StatusOr<Value> ReadJson(std::string_view text);
// Universal Binary JSON, draft 12 (ubjson.org), with the 64-bit big-endian counts and typed lists that XGBoost writes.
absl::StatusOr<Value> ReadUbjson(std::string_view bytes);

// True if XGBoost would read these bytes as text and not as UBJSON.
bool IsJsonText(std::string_view bytes);

}  // namespace starling::inference_xgboost

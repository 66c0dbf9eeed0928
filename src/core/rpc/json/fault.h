// The first thing that is wrong with a JSON document or a message, and where.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace starling::rpc::json {

// Whoever finds a fault says what it is; each function on the way out adds its part of the field's path in front, so that nothing
// is spent on paths while all is well. All of them give false, for `return fault.In("name", nullptr)`. The first fault stays.
class Fault {
 public:
  bool ok() const { return kind_ == Kind::kNone; }

  // The document as a whole: a sentence that says where.
  bool Document(std::string sentence);
  // The JSON value does not fit the field. `predicate` follows the path: "must be a string, not a number."
  bool WrongType(std::string predicate);
  // A rule of the contract, by its name in buf/validate/validate.proto: "repeated.min_items".
  bool Broken(std::string_view rule, std::string predicate);

  // `violation`: the contract's sentence for the field (starling/options/v1/options.proto), or null.
  bool In(std::string_view field, const char* violation);
  bool AtIndex(size_t index);
  bool AtKey(std::string_view key);

  // OK, or INVALID_ARGUMENT; a ViolationError where a field is at fault.
  absl::Status ToStatus() const;

 private:
  enum class Kind { kNone, kDocument, kType, kRule };
  bool Set(Kind kind, std::string_view rule, std::string text);
  bool IsForContractsSentence() const;

  Kind kind_ = Kind::kNone;
  bool field_known_ = false;   // the innermost field has been added to the path
  bool inside_field_ = false;  // the fault is of an item or an entry of the innermost field
  std::string path_;
  std::string rule_;
  std::string text_;
  const char* violation_ = nullptr;
};

// At most some 100 bytes of a caller's text, to be told back; cut between characters.
std::string Shortened(std::string_view text);

}  // namespace starling::rpc::json

// Reads a JSON document from front to back, token by token, straight into messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <string>
#include <string_view>

#include "core/rpc/json/fault.h"
#include "core/rpc/json/structure.h"
#include "core/rpc/method.h"

namespace starling::rpc::json {

enum class Kind : uint8_t {
  kNone,  // no value: the end, or something that is not JSON
  kObject,
  kArray,
  kString,
  kNumber,
  kTrue,
  kFalse,
  kNull,
  kParameter,  // text from a request line: whatever its field wants it to be
};

struct Scalar {
  Kind kind = Kind::kNone;
  std::string_view text;  // of a string without quotes and escapes; of others as written
};

// A cursor over a document. Functions that return bool give false once something is wrong; what it is stands in fault(). Everything
// that is read or skipped is checked to be well-formed JSON (RFC 8259), no deeper than the limits say, without a key twice.
// One at a time per thread.
class Reader {
 public:
  // The document outlives the reader.
  Reader(std::string_view json, const JsonLimits& limits);
  // One value from a request line.
  static Reader OfParameter(std::string_view text) { return Reader(text); }

  Fault& fault() { return fault_; }

  // Kind of the next value, by its first character.
  Kind Peek() const;

  // The next value, which must not be an object or an array; `expected` is for the sentence: "a string". The text holds as long as
  // the document and the reader.
  bool Take(const char* expected, Scalar* scalar);
  // The next value, which must be a string (or a parameter), appended to an empty `out`.
  bool TakeString(const char* expected, std::string* out);
  // A null, which Peek() has announced.
  bool TakeNull();
  // Any value, whatever it holds.
  bool Skip();

  // An object: calls `each(key)` for each member; it takes the value. The key holds as long as the reader.
  template <typename Each>
  bool Members(const char* expected, Each&& each) {
    if (!Enter('{', expected)) return false;
    std::string_view key;
    for (bool first = true; NextMember(first, &key); first = false) {
      if (!each(key)) return false;
    }
    return fault_.ok();
  }
  // An array: calls `each(index)` for each item; it takes the value.
  template <typename Each>
  bool Items(const char* expected, Each&& each) {
    if (!Enter('[', expected)) return false;
    for (size_t index = 0; NextItem(index == 0); ++index) {
      if (!each(index)) return false;
    }
    return fault_.ok();
  }

  // Faults. `kind`: what stands there instead.
  bool WrongType(const char* expected, Kind kind);
  bool Duplicate(std::string_view key);

  // Nothing may come after the value that was read.
  bool Finish();

 private:
  explicit Reader(std::string_view parameter) : json_(parameter), parameter_(true) {}

  bool Enter(char open, const char* expected);
  bool NextMember(bool first, std::string_view* key);
  bool NextItem(bool first);
  // The first character of the next token, 0 at the end.
  char Token() const { return next_ < structure_.count ? json_[structure_.positions[next_]] : '\0'; }
  // From the start of the next token to the start of the one after it, without white space at the end.
  std::string_view TakeToken();
  // The inside of the next token, which begins with a quote, unescaped into `scratch` where need be.
  bool TakeQuoted(std::string* scratch, std::string_view* text);
  bool IsValue(std::string_view token, Kind kind);
  bool Expected(const char* what);
  bool Malformed(size_t offset, const char* what);

  std::string_view json_;
  bool parameter_ = false;
  Structure structure_;
  size_t next_ = 0;
  size_t depth_ = 0;
  size_t max_depth_ = 0;
  std::forward_list<std::string> unescaped_;  // keys and scalars that had escapes
  Fault fault_;
};

}  // namespace starling::rpc::json

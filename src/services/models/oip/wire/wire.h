// protobuf's wire format (protobuf.dev/programming-guides/encoding), for the messages that carry tensors: reading them by hand leaves the
// tensors where they are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace starling::models::oip {

// Walks over the fields of a message, or the values of a packed field. Anything malformed ends the walk with ok() false.
class WireReader {
 public:
  enum class Type { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

  explicit WireReader(std::string_view message) : rest_(message) {}

  // The next field; false at the end, or where the message is malformed (groups count as that).
  bool Next();
  bool ok() const { return ok_; }

  uint32_t field() const { return field_; }
  Type type() const { return type_; }
  // Of varint and fixed fields.
  uint64_t number() const { return number_; }
  // Of length-delimited fields.
  std::string_view bytes() const { return bytes_; }

  // Values without tags, as packed fields hold them. False at the end or where it is malformed.
  bool NextPacked(Type type);

 private:
  bool ReadVarint(uint64_t* value);
  bool ReadFixed(size_t size);
  bool Fail() {
    ok_ = false;
    return false;
  }

  std::string_view rest_, bytes_;
  uint64_t number_ = 0;
  uint32_t field_ = 0;
  Type type_ = Type::kVarint;
  bool ok_ = true;
};

size_t VarintBytes(uint64_t value);
void AppendVarint(uint64_t value, std::string* out);
void AppendTag(uint32_t field, WireReader::Type type, std::string* out);
void AppendVarintField(uint32_t field, uint64_t value, std::string* out);
void AppendDoubleField(uint32_t field, double value, std::string* out);
// Also for embedded messages.
void AppendBytesField(uint32_t field, std::string_view value, std::string* out);

// The part of `whole` that `part` is a view of.
inline Bytes SliceOf(const Bytes& whole, std::string_view part) {
  return part.empty() ? Bytes() : whole.Slice(static_cast<size_t>(part.data() - whole.data()), part.size());
}

}  // namespace starling::models::oip

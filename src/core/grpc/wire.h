// The little of protobuf's wire format (protobuf.dev/programming-guides/encoding) that status details and reflection
// need without a generated message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace starling::grpc::wire {

void AppendVarint(std::string* out, int field, uint64_t value);
void AppendBytes(std::string* out, int field, std::string_view value);

// Walks over the fields of a message. Ends at the first malformed one.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool Next();
  int field() const { return field_; }
  uint64_t number() const { return number_; }        // of a varint field, else 0
  std::string_view bytes() const { return bytes_; }  // of a length-delimited field, else empty

 private:
  bool ReadVarint(uint64_t* value);
  std::string_view rest_, bytes_;
  uint64_t number_ = 0;
  int field_ = 0;
};

}  // namespace starling::grpc::wire

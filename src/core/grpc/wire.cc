#include "core/grpc/wire.h"

namespace starling::grpc::wire {
namespace {

void AppendRaw(std::string* out, uint64_t value) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

}  // namespace

void AppendVarint(std::string* out, int field, uint64_t value) {
  AppendRaw(out, static_cast<uint64_t>(field) << 3);
  AppendRaw(out, value);
}

void AppendBytes(std::string* out, int field, std::string_view value) {
  AppendRaw(out, static_cast<uint64_t>(field) << 3 | 2);
  AppendRaw(out, value.size());
  out->append(value);
}

bool Reader::ReadVarint(uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    *value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

bool Reader::Next() {
  uint64_t tag = 0, size = 0;
  bytes_ = {};
  number_ = 0;
  if (!ReadVarint(&tag)) return false;
  field_ = static_cast<int>(tag >> 3);
  switch (tag & 7) {
    case 0:
      return ReadVarint(&number_);
    case 1:
      size = 8;
      break;
    case 2:
      if (!ReadVarint(&size)) return false;
      break;
    case 5:
      size = 4;
      break;
    default:
      return false;
  }
  if (size > rest_.size()) return false;
  if ((tag & 7) == 2) bytes_ = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return true;
}

}  // namespace starling::grpc::wire

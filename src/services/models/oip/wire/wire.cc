#include "services/models/oip/wire/wire.h"

#include <bit>
#include <cstring>

namespace starling::models::oip {
namespace {

constexpr uint64_t kLargestField = (1 << 29) - 1;

}  // namespace

bool WireReader::ReadVarint(uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) return Fail();
    const auto byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    *value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return Fail();
}

bool WireReader::ReadFixed(size_t size) {
  if (rest_.size() < size) return Fail();
  number_ = 0;
  std::memcpy(&number_, rest_.data(), size);
  rest_.remove_prefix(size);
  return true;
}

bool WireReader::Next() {
  if (!ok_ || rest_.empty()) return false;
  uint64_t tag = 0;
  if (!ReadVarint(&tag)) return false;
  if (tag >> 3 == 0 || tag >> 3 > kLargestField) return Fail();
  field_ = static_cast<uint32_t>(tag >> 3);
  type_ = static_cast<Type>(tag & 7);
  number_ = 0;
  bytes_ = {};
  switch (type_) {
    case Type::kVarint:
      return ReadVarint(&number_);
    case Type::kFixed64:
      return ReadFixed(sizeof(uint64_t));
    case Type::kFixed32:
      return ReadFixed(sizeof(uint32_t));
    case Type::kLengthDelimited:
      break;
    default:
      return Fail();
  }
  uint64_t size = 0;
  if (!ReadVarint(&size)) return false;
  if (size > rest_.size()) return Fail();
  bytes_ = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return true;
}

bool WireReader::NextPacked(Type type) {
  if (!ok_ || rest_.empty()) return false;
  if (type == Type::kVarint) return ReadVarint(&number_);
  return ReadFixed(type == Type::kFixed64 ? sizeof(uint64_t) : sizeof(uint32_t));
}

size_t VarintBytes(uint64_t value) {
  size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

void AppendTag(uint32_t field, WireReader::Type type, std::string* out) {
  AppendVarint(uint64_t{field} << 3 | static_cast<uint64_t>(type), out);
}

void AppendVarintField(uint32_t field, uint64_t value, std::string* out) {
  AppendTag(field, WireReader::Type::kVarint, out);
  AppendVarint(value, out);
}

void AppendDoubleField(uint32_t field, double value, std::string* out) {
  AppendTag(field, WireReader::Type::kFixed64, out);
  const auto bits = std::bit_cast<uint64_t>(value);
  out->append(reinterpret_cast<const char*>(&bits), sizeof(bits));
}

void AppendBytesField(uint32_t field, std::string_view value, std::string* out) {
  AppendTag(field, WireReader::Type::kLengthDelimited, out);
  AppendVarint(value.size(), out);
  out->append(value);
}

}  // namespace starling::models::oip

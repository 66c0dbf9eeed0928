#include "core/rpc/json/base64.h"

#include <array>
#include <cstdint>

namespace starling::rpc::json {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kNone = 0xff;

constexpr std::array<uint8_t, 256> MakeValues() {
  std::array<uint8_t, 256> values{};
  for (auto& value : values) value = kNone;
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  values['-'] = 62;
  values['_'] = 63;
  return values;
}
constexpr std::array<uint8_t, 256> kValues = MakeValues();

}  // namespace

bool DecodeBase64(std::string_view text, std::string* bytes) {
  bytes->clear();
  if (text.size() % 4 == 0) {
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return false;
  bytes->reserve(text.size() / 4 * 3 + 2);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const uint8_t value = kValues[static_cast<unsigned char>(c)];
    if (value == kNone) return false;
    bits = bits << 6 | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes->push_back(static_cast<char>(bits >> count & 0xff));
  }
  return true;
}

void AppendBase64(std::string_view bytes, std::string* out) {
  const auto byte = [&](size_t i) -> uint32_t {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
  };
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out->push_back(kAlphabet[group >> 18]);
    out->push_back(kAlphabet[group >> 12 & 63]);
    out->push_back(i + 1 < bytes.size() ? kAlphabet[group >> 6 & 63] : '=');
    out->push_back(i + 2 < bytes.size() ? kAlphabet[group & 63] : '=');
  }
}

}  // namespace starling::rpc::json

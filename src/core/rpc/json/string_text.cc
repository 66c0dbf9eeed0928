#include "core/rpc/json/string_text.h"

#include <cstdint>

namespace starling::rpc::json {
namespace {

constexpr size_t kUnicodeEscape = 6;  // "\uXXXX"

// The code unit of a "\uXXXX" at the start of `text`, or -1.
int32_t CodeUnit(std::string_view text) {
  if (text.size() < kUnicodeEscape || text[0] != '\\' || text[1] != 'u') return -1;
  int32_t unit = 0;
  for (const char c : text.substr(2, 4)) {
    unit <<= 4;
    if (c >= '0' && c <= '9') {
      unit += c - '0';
    } else if (c >= 'a' && c <= 'f') {
      unit += c - 'a' + 10;
    } else if (c >= 'A' && c <= 'F') {
      unit += c - 'A' + 10;
    } else {
      return -1;
    }
  }
  return unit;
}

void AppendCodePoint(int32_t code, std::string* out) {
  const auto append = [out](int32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    append(code);
  } else if (code < 0x800) {
    append(0xc0 | code >> 6);
    append(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    append(0xe0 | code >> 12);
    append(0x80 | (code >> 6 & 0x3f));
    append(0x80 | (code & 0x3f));
  } else {
    append(0xf0 | code >> 18);
    append(0x80 | (code >> 12 & 0x3f));
    append(0x80 | (code >> 6 & 0x3f));
    append(0x80 | (code & 0x3f));
  }
}

// What a one-letter escape stands for, or 0.
char Simple(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
      return letter;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

}  // namespace

const char* Unescape(std::string_view raw, std::string* out, size_t* at) {
  size_t begin = 0;
  while (true) {
    const size_t escape = raw.find('\\', begin);
    out->append(raw.substr(begin, escape - begin));
    if (escape == std::string_view::npos) return nullptr;
    *at = escape;
    if (const char simple = escape + 1 < raw.size() ? Simple(raw[escape + 1]) : '\0'; simple != 0) {
      out->push_back(simple);
      begin = escape + 2;
      continue;
    }
    int32_t code = CodeUnit(raw.substr(escape));
    if (code < 0) return "there is no such escape";
    begin = escape + kUnicodeEscape;
    if (code >= 0xdc00 && code <= 0xdfff)
      return "this is the second half of a surrogate pair without the first";
    if (code >= 0xd800 && code <= 0xdbff) {
      const int32_t low = CodeUnit(raw.substr(begin));
      if (low < 0xdc00 || low > 0xdfff)
        return "this is the first half of a surrogate pair without the second";
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      begin += kUnicodeEscape;
    }
    AppendCodePoint(code, out);
  }
}

}  // namespace starling::rpc::json

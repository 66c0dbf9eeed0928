#include "base/json_quote.h"

#include <array>
#include <cstddef>

#include "base/utf8.h"

namespace starling {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

void AppendAscii(char c, std::string* out) {
  switch (c) {
    case '"':
      *out += "\\\"";
      return;
    case '\\':
      *out += "\\\\";
      return;
    case '\n':
      *out += "\\n";
      return;
    case '\r':
      *out += "\\r";
      return;
    case '\t':
      *out += "\\t";
      return;
    default:
      if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
        *out += c;
        return;
      }
      *out += "\\u00";
      *out += kHex[static_cast<unsigned char>(c) >> 4];
      *out += kHex[c & 0xf];
  }
}

// Bytes that the lead byte announces, 1 for what is no lead byte.
size_t SequenceLength(unsigned char lead) {
  if (lead >= 0xf0 && lead < 0xf5) return 4;
  if (lead >= 0xe0) return lead < 0xf0 ? 3 : 1;
  return lead >= 0xc2 ? 2 : 1;
}

// Whether a byte stands for itself in a string.
constexpr std::array<bool, 256> MakePlain() {
  std::array<bool, 256> plain{};
  for (size_t i = 0x20; i < plain.size(); ++i) plain[i] = i != '"' && i != '\\' && i != 0x7f;
  return plain;
}
constexpr std::array<bool, 256> kPlain = MakePlain();

// Nearly all text is valid and has little to escape, so it goes over in long runs.
void AppendValid(std::string_view text, std::string* out) {
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (kPlain[static_cast<unsigned char>(text[i])]) continue;
    out->append(text.substr(begin, i - begin));
    AppendAscii(text[i], out);
    begin = i + 1;
  }
  out->append(text.substr(begin));
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  *out += '"';
  if (IsValidUtf8(text)) {
    AppendValid(text, out);
    *out += '"';
    return;
  }
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      AppendAscii(text[i++], out);
      continue;
    }
    const std::string_view sequence = text.substr(i, SequenceLength(static_cast<unsigned char>(text[i])));
    const bool valid = IsValidUtf8(sequence);
    *out += valid ? sequence : kReplacement;
    i += valid ? sequence.size() : 1;
  }
  *out += '"';
}

std::string JsonQuote(std::string_view text) {
  std::string quoted;
  AppendJsonString(text, &quoted);
  return quoted;
}

}  // namespace starling

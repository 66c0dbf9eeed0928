#include "core/inference/text/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "core/inference/text/unicode_differences.h"

namespace starling::inference {
namespace {

// No difference lies below; most text never reaches the tables.
constexpr char32_t kFirstDifference = 0x61D;

template <size_t Size>
bool Contains(const CodePointRange (&ranges)[Size], char32_t code_point) {
  if (code_point < kFirstDifference) return false;
  const auto* after =
      std::upper_bound(std::begin(ranges), std::end(ranges), code_point,
                       [](char32_t c, const CodePointRange& range) { return c < range.first; });
  return after != std::begin(ranges) && code_point <= std::prev(after)->last;
}

const utf8proc_property_t& Property(char32_t code_point) {
  return *utf8proc_get_property(static_cast<utf8proc_int32_t>(code_point));
}

bool IsHangulSyllable(char32_t code_point) { return code_point >= 0xAC00 && code_point <= 0xD7A3; }

}  // namespace

size_t DecodeUtf8(std::string_view text, char32_t* code_point) {
  utf8proc_int32_t decoded = -1;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const utf8proc_ssize_t length =
      utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &decoded);
  if (length <= 0) {
    *code_point = 0xFFFD;
    return 1;
  }
  *code_point = static_cast<char32_t>(decoded);
  return static_cast<size_t>(length);
}

void AppendUtf8(char32_t code_point, std::string* out) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), bytes);
  out->append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
}

bool IsRemovedByCleaning(char32_t code_point) {
  if (code_point == 0xFFFD) return true;
  switch (Property(code_point).category) {
    case UTF8PROC_CATEGORY_CC:
      return code_point != '\t' && code_point != '\n' && code_point != '\r';
    case UTF8PROC_CATEGORY_CF:
      return !Contains(kNotFormat, code_point);
    case UTF8PROC_CATEGORY_CO:
      return true;
    default:
      return false;
  }
}

bool IsWhitespace(char32_t code_point) {
  if (code_point < 0x80) return code_point == ' ' || (code_point >= '\t' && code_point <= '\r');
  return code_point == 0x85 || code_point == 0x2028 || code_point == 0x2029 ||
         Property(code_point).category == UTF8PROC_CATEGORY_ZS;
}

bool IsPunctuation(char32_t code_point) {
  if (code_point < 0x80) {
    return (code_point >= '!' && code_point <= '/') || (code_point >= ':' && code_point <= '@') ||
           (code_point >= '[' && code_point <= '`') || (code_point >= '{' && code_point <= '~');
  }
  const auto category = Property(code_point).category;
  if (category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO) {
    return !Contains(kNotPunctuation, code_point);
  }
  return Contains(kPunctuation, code_point);
}

bool IsChineseCharacter(char32_t code_point) {
  // The fifth block begins at 0x2B920 in the package, where Unicode has 0x2B820.
  static constexpr CodePointRange kBlocks[] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},
                                               {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F},
                                               {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F}};
  return code_point >= 0x3400 && Contains(kBlocks, code_point);
}

bool IsNonspacingMark(char32_t code_point) {
  if (Property(code_point).category == UTF8PROC_CATEGORY_MN) return !Contains(kNotNonspacing, code_point);
  return Contains(kNonspacing, code_point);
}

int CombiningClass(char32_t code_point) {
  const int combining_class = Property(code_point).combining_class;
  return combining_class != 0 && Contains(kStarters, code_point) ? 0 : combining_class;
}

size_t Decompose(char32_t code_point, char32_t* out) {
  const utf8proc_property_t& property = Property(code_point);
  const bool has_mapping = property.decomp_seqindex != UINT16_MAX && property.decomp_type == 0;
  if ((!has_mapping && !IsHangulSyllable(code_point)) || Contains(kNotDecomposed, code_point)) {
    out[0] = code_point;
    return 1;
  }
  utf8proc_int32_t parts[kMaxDecomposition];
  int boundary = 0;
  const utf8proc_ssize_t length = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code_point), parts,
                                                          kMaxDecomposition, UTF8PROC_DECOMPOSE, &boundary);
  std::copy(parts, parts + length, out);
  return static_cast<size_t>(length);
}

char32_t ToLower(char32_t code_point) {
  if (code_point >= std::begin(kLowercase)->first) {
    for (const LowercaseRange& range : kLowercase) {
      if (code_point >= range.first && code_point <= range.last) return code_point + range.offset;
    }
  }
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code_point)));
}

}  // namespace starling::inference

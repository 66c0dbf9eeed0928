// What the Unicode standard says of a code point, in the version of the data that the Python package `tokenizers`
// uses (see unicode_differences.h). Pure functions, any thread, no allocation.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace starling::inference {

// At most this many code points come out of one canonical decomposition.
inline constexpr size_t kMaxDecomposition = 4;

// Reads the code point at the front of `text`, which is not empty, into `code_point`. Returns its length in bytes; where
// the text is not valid UTF-8, 1 and U+FFFD.
size_t DecodeUtf8(std::string_view text, char32_t* code_point);

void AppendUtf8(char32_t code_point, std::string* out);

// NUL, U+FFFD, control, format and private-use characters; but not tab, line feed, carriage return, nor the unassigned.
bool IsRemovedByCleaning(char32_t code_point);

bool IsWhitespace(char32_t code_point);

// All of ASCII's punctuation, symbols such as '$' included; beyond ASCII the categories P*.
bool IsPunctuation(char32_t code_point);

// The blocks of CJK ideographs that BERT sets apart as words (not Hangul, Hiragana or Katakana).
bool IsChineseCharacter(char32_t code_point);

// Category Mn.
bool IsNonspacingMark(char32_t code_point);

// Canonical combining class; 0 is a starter.
int CombiningClass(char32_t code_point);

// Writes the full canonical decomposition (The Unicode Standard, section 3.7) to `out`, which has room for
// kMaxDecomposition, and returns its length.
size_t Decompose(char32_t code_point, char32_t* out);

// The simple lowercase mapping, which is the full one for everything that is decomposed.
char32_t ToLower(char32_t code_point);

}  // namespace starling::inference

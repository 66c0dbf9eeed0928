#include "core/inference/text/unicode.h"

#include <cstdint>
#include <string>

#include "gtest/gtest.h"

namespace starling::inference {
namespace {

std::u32string Decomposed(char32_t code_point) {
  char32_t parts[kMaxDecomposition];
  return {parts, Decompose(code_point, parts)};
}

TEST(DecodeUtf8, ReadsOneCodePoint) {
  char32_t code_point = 0;
  EXPECT_EQ(DecodeUtf8("\xC3\xA9x", &code_point), 2u);
  EXPECT_EQ(code_point, U'\u00E9');
  EXPECT_EQ(DecodeUtf8("\xF0\x9F\x98\x80", &code_point), 4u);
  EXPECT_EQ(code_point, U'\U0001F600');
}

TEST(DecodeUtf8, TakesABadByteAsAReplacementCharacter) {
  for (const std::string bad :
       {"\x80", "\xC3", "\xC3x", "\xED\xA0\x80", "\xC0\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    char32_t code_point = 0;
    EXPECT_EQ(DecodeUtf8(bad, &code_point), 1u) << bad;
    EXPECT_EQ(code_point, char32_t{0xFFFD}) << bad;
  }
}

TEST(Unicode, RemovesControlFormatAndPrivateUseOnly) {
  for (const char32_t c : {0x0, 0x7, 0x7F, 0x85, 0xAD, 0x200B, 0xE000, 0xFEFF, 0xFFFD}) {
    EXPECT_TRUE(IsRemovedByCleaning(c)) << static_cast<uint32_t>(c);
  }
  for (const char32_t c : {0x9, 0xA, 0xD, 0x20, 0x41, 0x378, 0xA0, 0x2028})
    EXPECT_FALSE(IsRemovedByCleaning(c)) << static_cast<uint32_t>(c);
}

TEST(Unicode, KeepsTheOlderDataOfThePackage) {
  EXPECT_FALSE(IsRemovedByCleaning(0x890));  // Cf since Unicode 14
  EXPECT_FALSE(IsNonspacingMark(0x8D4));     // Mn since Unicode 9
  EXPECT_TRUE(IsNonspacingMark(0x1734));     // Mc since Unicode 14
  EXPECT_FALSE(IsPunctuation(0x2E43));       // Po since Unicode 9
  EXPECT_TRUE(IsPunctuation(0x166D));        // So since Unicode 12
  EXPECT_EQ(CombiningClass(0x16FF0), 0);     // 6 since Unicode 13
  EXPECT_EQ(Decomposed(0x11938), U"\U00011938");
}

TEST(Unicode, Decomposes) {
  EXPECT_EQ(Decomposed(U'\u1E69'), U"s\u0323\u0307");
  EXPECT_EQ(Decomposed(U'\uAC01'), U"\u1100\u1161\u11A8");
  EXPECT_EQ(Decomposed(U'\uFB01'), U"\uFB01") << "compatibility decompositions are not canonical";
}

TEST(Unicode, LowersTheCase) {
  EXPECT_EQ(ToLower(U'\u03A3'), U'\u03C3') << "never the final sigma";
  EXPECT_EQ(ToLower(U'\u1E9E'), U'\u00DF');
  EXPECT_EQ(ToLower(0x10D50), char32_t{0x10D70});
}

}  // namespace
}  // namespace starling::inference

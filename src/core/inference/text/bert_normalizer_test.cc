#include "core/inference/text/bert_normalizer.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace starling::inference {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Words(std::string_view text, bool lowercase = true) {
  std::string joined;
  BertNormalizer(lowercase).AppendWords(text, &joined);
  std::vector<std::string> words;
  for (size_t i = 0; i < joined.size();) {
    const size_t end = std::min(joined.find(' ', i), joined.size());
    if (end > i) words.push_back(joined.substr(i, end - i));
    i = end + 1;
  }
  return words;
}

TEST(BertNormalizer, SplitsAtSpaceAndPunctuation) {
  EXPECT_THAT(Words("Don't  stop,\tplease!\n$5"),
              ElementsAre("don", "'", "t", "stop", ",", "please", "!", "$", "5"));
  EXPECT_THAT(Words("a\u00A0b\u3000c\u2028d"), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(Words(""), IsEmpty());
}

TEST(BertNormalizer, StripsAccentsAndLowersTheCase) {
  EXPECT_THAT(Words("Caf\u00E9 cafe\u0301 \u0130STANBUL"), ElementsAre("cafe", "cafe", "istanbul"));
  EXPECT_THAT(Words("\u039F\u0394\u03A3"), ElementsAre("\u03BF\u03B4\u03C3"));
  EXPECT_THAT(Words("Stra\u00DFe \uFB01x"), ElementsAre("stra\u00DFe", "\uFB01x"));
}

TEST(BertNormalizer, LeavesCaseAndAccentsWhenTold) {
  EXPECT_THAT(Words("Caf\u00E9 \u0130!", false), ElementsAre("Caf\u00E9", "\u0130", "!"));
}

TEST(BertNormalizer, SetsIdeographsApart) {
  EXPECT_THAT(Words("ab\u65E5\u672Ccd"), ElementsAre("ab", "\u65E5", "\u672C", "cd"));
  EXPECT_THAT(Words("\u3053\u3093"), ElementsAre("\u3053\u3093")) << "Hiragana is not set apart";
  EXPECT_THAT(Words("\uAC01"), ElementsAre("\u1100\u1161\u11A8"));
}

TEST(BertNormalizer, RemovesWhatIsNotText) {
  EXPECT_THAT(Words(std::string_view("a\0b\x7F\u200B\uFEFF\uFFFDc", 14)), ElementsAre("abc"));
  EXPECT_THAT(Words("a\xFF\xC3 b\xED\xA0\x80"), ElementsAre("a", "b")) << "bytes that are not UTF-8";
}

TEST(BertNormalizer, OrdersSpacingMarksByTheirClass) {
  // U+302E has class 224, U+1D165 class 216; a control character between them changes nothing, a letter does.
  EXPECT_THAT(Words("\u302E\U0001D165"), ElementsAre("\U0001D165\u302E"));
  EXPECT_THAT(Words("\u302E\x01\U0001D165"), ElementsAre("\U0001D165\u302E"));
  EXPECT_THAT(Words("\u302Ea\U0001D165"), ElementsAre("\u302Ea\U0001D165"));
}

}  // namespace
}  // namespace starling::inference

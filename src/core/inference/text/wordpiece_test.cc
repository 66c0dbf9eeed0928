#include "core/inference/text/wordpiece.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace starling::inference {
namespace {

using ::testing::ElementsAre;

constexpr int32_t kUnknown = 0;

std::vector<int64_t> Ids(const std::string& word) {
  static const WordPiece wordpiece(
      {"[UNK]", "un", "##aff", "##able", "unaffordable", "a", "##a", "\u00E9", "##\u00E9"}, kUnknown);
  std::vector<int64_t> ids = {99};
  wordpiece.AppendIds(word, &ids);
  ids.erase(ids.begin());
  return ids;
}

TEST(WordPiece, TakesTheLongestPieceFirst) {
  EXPECT_THAT(Ids("unaffable"), ElementsAre(1, 2, 3));
  EXPECT_THAT(Ids("unaffordable"), ElementsAre(4));
}

TEST(WordPiece, AWordThatCannotBeSpeltIsOneUnknown) {
  EXPECT_THAT(Ids("unaffordables"), ElementsAre(kUnknown));
  EXPECT_THAT(Ids("x"), ElementsAre(kUnknown));
}

TEST(WordPiece, AWordBeyondAHundredCharactersIsUnknown) {
  EXPECT_EQ(Ids(std::string(100, 'a')).size(), 100u);
  EXPECT_THAT(Ids(std::string(101, 'a')), ElementsAre(kUnknown));
  std::string accented;
  for (int i = 0; i < 100; ++i) accented += "\u00E9";
  EXPECT_EQ(Ids(accented).size(), 100u) << "characters count, not bytes";
  EXPECT_THAT(Ids(accented + "a"), ElementsAre(kUnknown));
}

TEST(WordPiece, AVocabularyWithoutContinuationsSpellsWholeWordsOnly) {
  const WordPiece wordpiece({"[UNK]", "a", "b"}, kUnknown);
  std::vector<int64_t> ids;
  wordpiece.AppendIds("ab", &ids);
  wordpiece.AppendIds("b", &ids);
  EXPECT_THAT(ids, ElementsAre(kUnknown, 2));
}

}  // namespace
}  // namespace starling::inference

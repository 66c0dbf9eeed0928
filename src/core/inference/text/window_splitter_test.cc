#include "core/inference/text/window_splitter.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace starling::inference {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kWord = 0;
constexpr int64_t kMore = 1;
constexpr int64_t kStop = 2;
constexpr int64_t kMark = 3;

std::vector<size_t> Sizes(const std::vector<int64_t>& ids, size_t capacity) {
  const WindowSplitter splitter({"word", "##more", ".", "!", "?", "##"});
  std::vector<size_t> sizes;
  size_t begin = 0;
  for (const auto piece : splitter.Split(ids, capacity)) {
    EXPECT_EQ(piece.data(), ids.data() + begin) << "pieces follow each other";
    begin += piece.size();
    sizes.push_back(piece.size());
  }
  EXPECT_EQ(begin, ids.size()) << "nothing is left out";
  return sizes;
}

TEST(WindowSplitter, WhatFitsIsOnePiece) {
  EXPECT_THAT(Sizes({}, 4), ElementsAre(0));
  EXPECT_THAT(Sizes({kWord, kStop, kWord, kWord}, 4), ElementsAre(4));
}

TEST(WindowSplitter, EndsAfterTheLastSentenceOfTheSecondHalf) {
  EXPECT_THAT(Sizes({kWord, kWord, kStop, kWord, kWord, kWord}, 5), ElementsAre(3, 3));
  EXPECT_THAT(Sizes({kWord, kWord, kWord, kMark, kStop, kWord, kWord}, 6), ElementsAre(5, 2));
  EXPECT_THAT(Sizes({kWord, kStop, kWord, kWord, kWord, kWord}, 5), ElementsAre(5, 1))
      << "too early to end there";
}

TEST(WindowSplitter, KeepsMarksOfOneSentenceTogether) {
  EXPECT_THAT(Sizes({kWord, kWord, kStop, kWord, kMark, kMark, kWord}, 5), ElementsAre(3, 4));
}

TEST(WindowSplitter, KeepsWordsTogether) {
  EXPECT_THAT(Sizes({kWord, kWord, kWord, kWord, kMore}, 4), ElementsAre(3, 2));
}

TEST(WindowSplitter, CutsAWordThatIsLongerThanHalfAWindow) {
  EXPECT_THAT(Sizes({kWord, kMore, kMore, kMore, kMore, kMore, kMore}, 4), ElementsAre(4, 3));
}

TEST(WindowSplitter, WorksWithTheSmallestWindow) {
  EXPECT_THAT(Sizes({kWord, kMore, kStop}, 1), ElementsAre(1, 1, 1));
}

}  // namespace
}  // namespace starling::inference

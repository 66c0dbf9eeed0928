#include "core/inference/text/bert_tokenizer.h"

#include <string>

#include "base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace starling::inference {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Ids: [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, [MASK] 4, hello 5, world 6, ##s 7, "!" 8, "[" 9.
constexpr std::string_view kVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nworld\n##s\n!\n[\n";

BertTokenizer MakeTokenizer() { return *BertTokenizer::FromVocabulary(kVocabulary, /*lowercase=*/true); }

TEST(BertTokenizer, EncodesBetweenTheMarkers) {
  const BertTokenizer tokenizer = MakeTokenizer();
  EXPECT_THAT(tokenizer.Encode("Hello, WORLDS!", 16).ids, ElementsAre(2, 5, 1, 6, 7, 8, 3));
  EXPECT_THAT(tokenizer.Encode("", 16).ids, ElementsAre(2, 3));
  EXPECT_EQ(tokenizer.padding_id(), 0);
  EXPECT_EQ(tokenizer.vocabulary_size(), 10u);
}

TEST(BertTokenizer, CutsBeforeTheEndMarkerAndSaysSo) {
  const BertTokenizer tokenizer = MakeTokenizer();
  const auto exact = tokenizer.Encode("hello worlds", 5);
  EXPECT_THAT(exact.ids, ElementsAre(2, 5, 6, 7, 3));
  EXPECT_FALSE(exact.truncated);
  const auto cut = tokenizer.Encode("hello worlds", 4);
  EXPECT_THAT(cut.ids, ElementsAre(2, 5, 6, 3));
  EXPECT_TRUE(cut.truncated);
  EXPECT_THAT(tokenizer.Encode("hello [SEP] world", BertTokenizer::kMinLength).ids, ElementsAre(2, 5, 3));
}

TEST(BertTokenizer, ReadsALongTextInWindows) {
  const BertTokenizer tokenizer = MakeTokenizer();
  EXPECT_THAT(tokenizer.EncodeWindows("", 5), ElementsAre(ElementsAre(2, 3)));
  EXPECT_THAT(tokenizer.EncodeWindows("hello worlds", 5), ElementsAre(ElementsAre(2, 5, 6, 7, 3)));
  EXPECT_THAT(tokenizer.EncodeWindows("hello hello worlds! hello", 5),
              ElementsAre(ElementsAre(2, 5, 5, 3), ElementsAre(2, 6, 7, 8, 3), ElementsAre(2, 5, 3)));
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "hello ";
  size_t tokens = 0;
  for (const auto& window : tokenizer.EncodeWindows(text, 128)) tokens += window.size() - 2;
  EXPECT_EQ(tokens, 3000u);
}

TEST(BertTokenizer, SpecialTokensInTheTextAreThemselves) {
  const BertTokenizer tokenizer = MakeTokenizer();
  EXPECT_THAT(tokenizer.Encode("hello[SEP]world [MASK]", 16).ids, ElementsAre(2, 5, 3, 6, 4, 3));
  EXPECT_THAT(tokenizer.Encode("[[SEP] [sep] [", 16).ids, ElementsAre(2, 9, 3, 9, 1, 1, 9, 3));
}

TEST(BertTokenizer, LongTextIsReadInPieces) {
  const BertTokenizer tokenizer = MakeTokenizer();
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "hello ";
  EXPECT_EQ(tokenizer.Encode(text, 10'000).ids.size(), 2002u);
  EXPECT_FALSE(tokenizer.Encode(text, 2002).truncated);
  EXPECT_TRUE(tokenizer.Encode(text, 2001).truncated);
}

TEST(BertTokenizer, NamesWhatAVocabularyLacks) {
  const auto tokenizer = BertTokenizer::FromVocabulary("[PAD]\n[UNK]\n[CLS]\nhello\n", true);
  ASSERT_FALSE(tokenizer.ok());
  EXPECT_THAT(std::string(Message(tokenizer.status())), HasSubstr("[SEP]"));
  EXPECT_EQ(BertTokenizer::Load("no/such/vocab.txt", true).status().code(), absl::StatusCode::kNotFound);
}

TEST(BertTokenizer, ReadsCarriageReturnLineEnds) {
  const auto tokenizer =
      BertTokenizer::FromVocabulary("[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\nhello", true);
  ASSERT_TRUE(tokenizer.ok());
  EXPECT_THAT(tokenizer->Encode("hello", 8).ids, ElementsAre(2, 5, 3));
}

}  // namespace
}  // namespace starling::inference

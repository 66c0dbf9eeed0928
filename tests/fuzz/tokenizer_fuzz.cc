// Any text, read with a small vocabulary. The first byte is the limit.
#include <algorithm>
#include <string>
#include <vector>

#include "core/inference/text/bert_tokenizer.h"
#include "fuzz.h"

namespace {

using starling::inference::BertTokenizer;

constexpr char kVocabulary[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\n##a\n##b\n##c\nab\n##bc\nabc\n!\n?\n.\n,\n-\n'\n1\n##"
    "2\nthe\nth\n##e\n\xe4\xb8\xad\n";

const BertTokenizer& Tokenizer(bool lowercase) {
  static const BertTokenizer kCased = *BertTokenizer::FromVocabulary(kVocabulary, false);
  static const BertTokenizer kUncased = *BertTokenizer::FromVocabulary(kVocabulary, true);
  return lowercase ? kUncased : kCased;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view text = starling::fuzz::Text(data + 1, size - 1);
  for (const bool lowercase : {false, true}) {
    const BertTokenizer& tokenizer = Tokenizer(lowercase);
    const auto whole = tokenizer.Encode(text, 1 << 20);
    starling::fuzz::Require(whole.ids.size() >= 2, "it begins with [CLS] and ends with [SEP]");
    for (const int64_t id : whole.ids) {
      starling::fuzz::Require(id >= 0 && static_cast<size_t>(id) < tokenizer.vocabulary_size(),
                              "ids are tokens");
    }
    const size_t limit = BertTokenizer::kMinLength + data[0];
    const auto cut = tokenizer.Encode(text, limit);
    starling::fuzz::Require(cut.ids.size() <= limit, "the limit holds");
    starling::fuzz::Require(cut.truncated == (whole.ids.size() > limit), "it says whether it was cut");
    starling::fuzz::Require(std::equal(cut.ids.begin(), cut.ids.end() - 1, whole.ids.begin()),
                            "a limit changes nothing before it");
  }
  return 0;
}

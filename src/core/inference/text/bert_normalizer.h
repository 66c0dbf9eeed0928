// Text to words, as BERT reads them: the steps BertNormalizer and BertPreTokenizer of the Python package `tokenizers`.
#pragma once

#include <string>
#include <string_view>

namespace starling::inference {

// Cleans the text of control characters, sets CJK ideographs and punctuation apart as words, and, when `lowercase`, strips
// accents (canonical decomposition without nonspacing marks) and lowers the case, which is what an uncased model expects.
//
// Stateless and safe from any thread. Bytes that are not valid UTF-8 are left out.
class BertNormalizer {
 public:
  explicit BertNormalizer(bool lowercase) : lowercase_(lowercase) {}

  // Appends the words of `text` to `words`, in UTF-8, with one or more spaces between them, before the first and after
  // the last. Text may be given in pieces that are cut at an ASCII space.
  void AppendWords(std::string_view text, std::string* words) const;

 private:
  bool lowercase_;
};

}  // namespace starling::inference

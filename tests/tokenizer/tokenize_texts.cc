// Runs the text pipeline over texts from standard input, for compare.py and for measuring.
//
//   tokenize_texts ids VOCABULARY MAX_LENGTH     token ids
//   tokenize_texts words [cased]                 what the normalizer makes of the text
//
// Input: for each text its length in bytes as a little-endian uint32, then its bytes. Output, in the same order: for ids,
// their number and then each as uint32; for words, their length in bytes and then the bytes. The time spent in the
// pipeline, in nanoseconds, goes to standard error.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"
#include "core/inference/text/bert_normalizer.h"
#include "core/inference/text/bert_tokenizer.h"

namespace {

using starling::inference::BertNormalizer;
using starling::inference::BertTokenizer;

uint32_t ReadNumber(const char* bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

void AppendNumber(uint64_t value, std::string* out) {
  for (int i = 0; i < 4; ++i) out->push_back(static_cast<char>(value >> (8 * i) & 0xFF));
}

std::vector<std::string_view> SplitTexts(std::string_view input) {
  std::vector<std::string_view> texts;
  while (input.size() >= 4) {
    const uint32_t length = ReadNumber(input.data());
    texts.push_back(input.substr(4, length));
    input.remove_prefix(4 + length);
  }
  return texts;
}

std::string WriteIds(const std::vector<BertTokenizer::Encoding>& encodings) {
  std::string output;
  for (const auto& encoding : encodings) {
    AppendNumber(encoding.ids.size(), &output);
    for (const int64_t id : encoding.ids) AppendNumber(static_cast<uint64_t>(id), &output);
  }
  return output;
}

std::string WriteWords(const std::vector<std::string>& words) {
  std::string output;
  for (const std::string& text : words) {
    AppendNumber(text.size(), &output);
    output += text;
  }
  return output;
}

template <typename Result, typename Function>
std::vector<Result> Measure(const std::vector<std::string_view>& texts, Function function) {
  std::vector<Result> results;
  results.reserve(texts.size());
  const auto start = std::chrono::steady_clock::now();
  for (const std::string_view text : texts) results.push_back(function(text));
  const std::chrono::nanoseconds spent = std::chrono::steady_clock::now() - start;
  std::cerr << spent.count() << "\n";
  return results;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string input((std::istreambuf_iterator<char>(std::cin)), std::istreambuf_iterator<char>());
  const std::vector<std::string_view> texts = SplitTexts(input);
  std::string output;
  if (arguments.size() == 3 && arguments[0] == "ids") {
    const auto tokenizer = BertTokenizer::Load(arguments[1], /*lowercase=*/true);
    if (!tokenizer.ok()) {
      std::cerr << tokenizer.status().ToString() << "\n";
      return 1;
    }
    const size_t max_length = std::stoul(arguments[2]);
    output = WriteIds(Measure<BertTokenizer::Encoding>(
        texts, [&](std::string_view text) { return tokenizer->Encode(text, max_length); }));
  } else if (!arguments.empty() && arguments[0] == "words") {
    const BertNormalizer normalizer(/*lowercase=*/arguments.size() == 1);
    output = WriteWords(Measure<std::string>(texts, [&](std::string_view text) {
      std::string words;
      normalizer.AppendWords(text, &words);
      return words;
    }));
  } else {
    std::cerr << "tokenize_texts ids VOCABULARY MAX_LENGTH | words [cased]\n";
    return 2;
  }
  std::fwrite(output.data(), 1, output.size(), stdout);
  return 0;
}

#include "core/inference/text/bert_tokenizer.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <utility>

#include "base/status.h"

namespace starling::inference {
namespace {

// In the order of SpecialTokenIndex.
constexpr std::string_view kSpecialTokens[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
enum SpecialTokenIndex : size_t { kPad, kUnknown, kBegin, kEnd };

// Text is normalized in pieces of about this many bytes, so that a text far beyond max_length costs little.
constexpr size_t kPieceBytes = 1024;

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

absl::StatusOr<BertTokenizer> BertTokenizer::FromVocabulary(std::string_view vocabulary, bool lowercase) {
  const std::vector<std::string> tokens = SplitLines(vocabulary);
  std::vector<SpecialToken> special_tokens;
  for (const std::string_view name : kSpecialTokens) {
    const auto found = std::find(tokens.begin(), tokens.end(), name);
    if (found == tokens.end()) return InvalidArgument("The vocabulary has no token ", name, ".");
    special_tokens.push_back({std::string(name), static_cast<int32_t>(found - tokens.begin())});
  }
  return BertTokenizer(tokens, std::move(special_tokens), lowercase);
}

absl::StatusOr<BertTokenizer> BertTokenizer::Load(const std::string& vocabulary_path, bool lowercase) {
  std::ifstream file(vocabulary_path, std::ios::binary);
  if (!file) return NotFound("The vocabulary ", vocabulary_path, " cannot be read.");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return FromVocabulary(text, lowercase);
}

BertTokenizer::BertTokenizer(const std::vector<std::string>& vocabulary,
                             std::vector<SpecialToken> special_tokens, bool lowercase)
    : normalizer_(lowercase),
      special_tokens_(std::move(special_tokens)),
      wordpiece_(vocabulary, special_tokens_[kUnknown].id),
      splitter_(vocabulary),
      padding_id_(special_tokens_[kPad].id),
      begin_id_(special_tokens_[kBegin].id),
      end_id_(special_tokens_[kEnd].id),
      vocabulary_size_(vocabulary.size()) {}

BertTokenizer::Encoding BertTokenizer::Encode(std::string_view text, size_t max_length) const {
  Encoding encoding;
  // English has a token for every four to five bytes; a wrong guess costs one more allocation.
  encoding.ids.reserve(std::min(max_length, text.size() / 4 + 8) + 1);
  encoding.ids.push_back(begin_id_);
  // One more than fits, to know whether the text was cut.
  AppendIds(text, max_length - 1, &encoding.ids);
  if (encoding.ids.size() > max_length - 1) {
    encoding.ids.resize(max_length - 1);
    encoding.truncated = true;
  }
  encoding.ids.push_back(end_id_);
  return encoding;
}

std::vector<std::vector<int64_t>> BertTokenizer::EncodeWindows(std::string_view text,
                                                               size_t max_length) const {
  std::vector<int64_t> ids;
  ids.reserve(text.size() / 4 + 8);
  AppendIds(text, std::numeric_limits<size_t>::max(), &ids);
  std::vector<std::vector<int64_t>> windows;
  for (const auto piece : splitter_.Split(ids, max_length - 2)) {
    std::vector<int64_t>& window = windows.emplace_back();
    window.reserve(piece.size() + 2);
    window.push_back(begin_id_);
    window.insert(window.end(), piece.begin(), piece.end());
    window.push_back(end_id_);
  }
  return windows;
}

void BertTokenizer::AppendIds(std::string_view text, size_t limit, std::vector<int64_t>* ids) const {
  const size_t full = ids->size() + limit;
  size_t begin = 0;
  for (size_t i = text.find('['); i != std::string_view::npos; i = text.find('[', i)) {
    const SpecialToken* special = SpecialTokenAt(text.substr(i));
    if (special == nullptr) {
      ++i;
      continue;
    }
    AppendPlainText(text.substr(begin, i - begin), full, ids);
    if (ids->size() >= full) return;
    ids->push_back(special->id);
    i += special->text.size();
    begin = i;
  }
  AppendPlainText(text.substr(begin), full, ids);
}

const BertTokenizer::SpecialToken* BertTokenizer::SpecialTokenAt(std::string_view text) const {
  for (const SpecialToken& token : special_tokens_) {
    if (text.starts_with(token.text)) return &token;
  }
  return nullptr;
}

// Stops once `ids` holds `full`, or more by those of one word.
void BertTokenizer::AppendPlainText(std::string_view text, size_t full, std::vector<int64_t>* ids) const {
  std::string words;
  words.reserve(std::min(text.size(), kPieceBytes) * 3 / 2);
  while (!text.empty() && ids->size() < full) {
    const size_t end = std::min(text.find(' ', kPieceBytes), text.size());
    words.clear();
    normalizer_.AppendWords(text.substr(0, end), &words);
    text.remove_prefix(end);
    const std::string_view all = words;
    for (size_t i = 0; i < all.size() && ids->size() < full;) {
      const size_t word_end = std::min(all.find(' ', i), all.size());
      if (word_end > i) wordpiece_.AppendIds(all.substr(i, word_end - i), ids);
      i = word_end + 1;
    }
  }
}

}  // namespace starling::inference

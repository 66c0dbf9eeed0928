#include "core/inference/text/wordpiece.h"

#include <algorithm>

namespace starling::inference {
namespace {

size_t CountCharacters(std::string_view word) {
  return static_cast<size_t>(
      std::count_if(word.begin(), word.end(), [](char byte) { return (byte & 0xC0) != 0x80; }));
}

}  // namespace

WordPiece::WordPiece(const std::vector<std::string>& vocabulary, int32_t unknown_id)
    : trie_(vocabulary), continuation_(trie_.Find("##")), unknown_id_(unknown_id) {}

void WordPiece::AppendIds(std::string_view word, std::vector<int64_t>* ids) const {
  const size_t before = ids->size();
  if (word.size() > kMaxWordCharacters && CountCharacters(word) > kMaxWordCharacters) {
    ids->push_back(unknown_id_);
    return;
  }
  TokenTrie::Node from = TokenTrie::kRoot;
  while (!word.empty()) {
    TokenTrie::Match match;
    if (from != TokenTrie::kNone) match = trie_.LongestMatch(from, word);
    if (match.id < 0) {
      ids->resize(before);
      ids->push_back(unknown_id_);
      return;
    }
    ids->push_back(match.id);
    word.remove_prefix(match.length);
    from = continuation_;
  }
}

}  // namespace starling::inference

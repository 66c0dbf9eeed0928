// Words to token ids by WordPiece, as BERT does it (arXiv:1609.08144, section 4.1; greedy longest match first).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/inference/text/token_trie.h"

namespace starling::inference {

// Immutable, safe from any thread.
class WordPiece {
 public:
  // A word of more characters is unknown as a whole.
  static constexpr size_t kMaxWordCharacters = 100;

  // Token i of the vocabulary has id i; tokens that continue a word begin with "##".
  WordPiece(const std::vector<std::string>& vocabulary, int32_t unknown_id);

  // Appends the ids of one word, which is not empty and valid UTF-8. A word that the vocabulary cannot spell is one
  // unknown id.
  void AppendIds(std::string_view word, std::vector<int64_t>* ids) const;

 private:
  TokenTrie trie_;
  TokenTrie::Node continuation_;
  int32_t unknown_id_;
};

}  // namespace starling::inference

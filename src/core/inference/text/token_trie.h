// A set of tokens that finds the longest one at the front of a text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace starling::inference {

// A double-array trie over bytes (Aoe, "An Efficient Digital Search Algorithm by Using a Double-Array Structure", 1989): a
// step is one addition and one look at memory. Immutable, safe from any thread. 12 bytes a node, some 0.8 MB for BERT's
// 30,522 tokens.
class TokenTrie {
 public:
  struct Match {
    int32_t id = -1;    // -1: no token fits
    size_t length = 0;  // bytes
  };

  // A node: where a prefix leads to.
  using Node = uint32_t;
  static constexpr Node kRoot = 0;
  static constexpr Node kNone = UINT32_MAX;

  // Token i has id i. Tokens that are empty or stand in the list a second time are not found.
  explicit TokenTrie(const std::vector<std::string>& tokens);

  // The node that `prefix` leads to, or kNone when no token begins so.
  Node Find(std::string_view prefix) const;

  // The longest token that is the prefix of `from` followed by a front part of `text` of at least one byte.
  Match LongestMatch(Node from, std::string_view text) const {
    Match match;
    Node node = from;
    for (size_t i = 0; i < text.size(); ++i) {
      node = Next(node, text[i]);
      if (node == kNone) break;
      if (units_[node].id >= 0) match = {units_[node].id, i + 1};
    }
    return match;
  }

 private:
  struct Unit {
    uint32_t base = 0;        // the child by byte b is at base + b
    uint32_t parent = kNone;  // whose child this is; kNone: free
    int32_t id = -1;
  };

  Node Next(Node node, char byte) const {
    const Node child = units_[node].base + static_cast<unsigned char>(byte);
    return units_[child].parent == node ? child : kNone;
  }

  void AddChildren(Node node, const std::vector<std::string>& tokens, const std::vector<int32_t>& order,
                   size_t begin, size_t end, size_t depth);
  uint32_t FindBase(const std::vector<unsigned char>& bytes);

  std::vector<Unit> units_;
  uint32_t search_from_ = 1;  // while it is built: hardly a free unit lies below
};

}  // namespace starling::inference

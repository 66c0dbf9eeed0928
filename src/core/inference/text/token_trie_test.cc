#include "core/inference/text/token_trie.h"

#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace starling::inference {
namespace {

TEST(TokenTrie, FindsTheLongestToken) {
  const TokenTrie trie({"a", "abc", "b", "##c", "##cd"});
  EXPECT_EQ(trie.LongestMatch(TokenTrie::kRoot, "abcd").id, 1);
  EXPECT_EQ(trie.LongestMatch(TokenTrie::kRoot, "abx").length, 1u);
  EXPECT_EQ(trie.LongestMatch(TokenTrie::kRoot, "xa").id, -1);
  EXPECT_EQ(trie.LongestMatch(TokenTrie::kRoot, "").id, -1);
  EXPECT_EQ(trie.LongestMatch(trie.Find("##"), "cdx").id, 4);
  EXPECT_EQ(trie.Find("ac"), TokenTrie::kNone);
}

TEST(TokenTrie, HoldsEveryByteAndNothingElse) {
  std::vector<std::string> tokens;
  for (int first = 0; first < 256; ++first) tokens.push_back({static_cast<char>(first)});
  for (int i = 0; i < 20'000; ++i) {
    tokens.push_back({static_cast<char>(i * 7), static_cast<char>(i / 256), static_cast<char>(i)});
  }
  const TokenTrie trie(tokens);
  const std::set<std::string> all(tokens.begin(), tokens.end());
  for (size_t id = 0; id < tokens.size(); ++id) {
    const TokenTrie::Match match = trie.LongestMatch(TokenTrie::kRoot, tokens[id]);
    EXPECT_EQ(match.length, tokens[id].size());
    EXPECT_EQ(tokens[match.id], tokens[id]);
  }
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = {static_cast<char>(i), static_cast<char>(i / 13), static_cast<char>(i / 128)};
    const bool known = all.contains(text);
    EXPECT_EQ(trie.LongestMatch(TokenTrie::kRoot, text).length == 3, known);
  }
}

TEST(TokenTrie, CanBeEmpty) {
  const TokenTrie trie(std::vector<std::string>{});
  EXPECT_EQ(trie.LongestMatch(TokenTrie::kRoot, "a").id, -1);
}

}  // namespace
}  // namespace starling::inference

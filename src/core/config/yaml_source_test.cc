#include "core/config/yaml_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "core/config/suggest.h"

namespace starling::config {
namespace {

using ::testing::HasSubstr;

std::string Refusal(std::string_view text) {
  const auto root = ParseYaml(text, "a.yaml");
  return root.ok() ? "accepted" : std::string(Message(root.status()));
}

TEST(YamlSourceTest, KnowsTheLineOfEverything) {
  const auto root = ParseYaml("# comment\nserver:\n  port: 80\n  hosts:\n    - a\n", "a.yaml");
  ASSERT_TRUE(root.ok()) << root.status();
  const Node& server = *(*root)->entries[0].value;
  EXPECT_EQ((*root)->entries[0].origin, "a.yaml:2");
  EXPECT_EQ(server.entries[0].value->origin, "a.yaml:3");
  EXPECT_EQ(server.entries[1].value->items[0]->origin, "a.yaml:5");
}

TEST(YamlSourceTest, RefusesWhatWouldBeReadInTwoWays) {
  EXPECT_EQ(Refusal("a: 1\nb: 2\na: 3\n"), "a.yaml:3: 'a' stands twice; first at a.yaml:1");
  EXPECT_EQ(Refusal("a: 1\n---\nb: 2\n"), "a.yaml:3: a second document");
  EXPECT_EQ(Refusal("? [x]\n: 1\n"), "a.yaml:1: a key must be a word");
  EXPECT_THAT(Refusal("a: [1\nb: 2\n"), HasSubstr("a.yaml:"));
  EXPECT_THAT(Refusal("a: &x [*x]\n"), HasSubstr("alias"));
}

TEST(YamlSourceTest, AliasesWorkAndCannotBlowUp) {
  const auto root = ParseYaml("a: &a {x: 1}\nb: *a\n", "a.yaml");
  ASSERT_TRUE(root.ok()) << root.status();
  EXPECT_EQ((*root)->entries[1].value->entries[0].value->text, "1");

  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string below = StrCat("*a", i - 1);
    StrAppend(&bomb, "a", i, ": &a", i, " [", below);
    for (int n = 0; n < 9; ++n) StrAppend(&bomb, ", ", below);
    bomb += "]\n";
  }
  EXPECT_THAT(Refusal(bomb), HasSubstr("more than 100000 values"));
}

TEST(YamlSourceTest, BoundsDepthAndSize) {
  EXPECT_THAT(Refusal(std::string(100, '[') + std::string(100, ']')), HasSubstr("nested more than 64 deep"));
  EXPECT_THAT(Refusal(std::string(kMaxFileBytes + 1, ' ')), HasSubstr("larger than"));
  EXPECT_EQ(Refusal(""), "accepted");
}

TEST(SuggestTest, FindsWhatWasMeant) {
  EXPECT_EQ(EditDistance("max_txts", "max_texts"), 1);
  EXPECT_EQ(EditDistance("prot", "port"), 1);
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(Nearest("max_txts", {"min_texts", "max_texts"}), "max_texts");
  EXPECT_EQ(Nearest("prot", {"host", "port"}), "port");
  EXPECT_EQ(Nearest("banana", {"host", "port"}), "");
}

}  // namespace
}  // namespace starling::config

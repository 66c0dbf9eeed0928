#include "services/registry/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/status.h"
#include "services/registry/search.h"

namespace starling::registry {
namespace {

using ::testing::HasSubstr;

std::string Written(std::string_view filter) {
  const auto parsed = ParseFilter(filter);
  if (!parsed.ok()) return std::string(Message(parsed.status()));
  std::string text;
  for (const Comparison& c : *parsed) {
    StrAppend(&text, static_cast<int>(c.kind), ":", c.key, " ", c.op);
    for (const auto& value : c.values) {
      if (const auto* number = std::get_if<double>(&value)) StrAppend(&text, " #", *number);
      if (const auto* word = std::get_if<std::string>(&value)) StrAppend(&text, " '", *word, "'");
    }
    text += ";";
  }
  return text;
}

TEST(FilterTest, ReadsWhatClientsWrite) {
  EXPECT_EQ(Written(""), "");
  EXPECT_EQ(Written("  "), "");
  EXPECT_EQ(Written("name = 'a'"), "0:name = 'a';");
  EXPECT_EQ(Written("name='a' and NAME!=\"b\""), "0:name = 'a';0:NAME != 'b';");
  EXPECT_EQ(Written("tag.`mlflow.prompt.is_prompt` != 'true'"), "1:mlflow.prompt.is_prompt != 'true';");
  EXPECT_EQ(Written("tags.mlflow.user LIKE 'x%' AND params.\"a b\" ilike '%'"),
            "1:mlflow.user LIKE 'x%';2:a b ILIKE '%';");
  EXPECT_EQ(Written("metrics.auc >= 0.5 AND metric.`l` < -1e-3"), "3:auc >= #0.5;3:l < #-0.001;");
  EXPECT_EQ(Written("run_id IN ('a','b') AND attributes.status NOT IN ('X')"),
            "0:run_id IN 'a' 'b';0:status NOT IN 'X';");
  EXPECT_EQ(Written("name = 'it''s'"), "0:name = 'it's';");
}

TEST(FilterTest, SaysWhereItIsWrong) {
  EXPECT_THAT(Written("name"), HasSubstr("at character 5"));
  EXPECT_THAT(Written("name ~ 'x'"), HasSubstr("at character 6: an operator"));
  EXPECT_THAT(Written("name = x"), HasSubstr("a number or a text in quotes"));
  EXPECT_THAT(Written("name = 'x"), HasSubstr("the end of the quoted text that begins here"));
  EXPECT_THAT(Written("name = 'x' OR name = 'y'"), HasSubstr("AND is expected"));
  EXPECT_THAT(Written("name = 'x' AND"), HasSubstr("a name is expected"));
  EXPECT_THAT(Written("name IN ()"), HasSubstr("is expected"));
  EXPECT_THAT(Written("nothing.x = 'y'"), HasSubstr("tags, params, metrics or attributes"));
  std::string many = "a = 'b'";
  for (int i = 0; i < 60; ++i) many += " AND a = 'b'";
  EXPECT_THAT(Written(many), HasSubstr("at most 50 comparisons"));
}

TEST(FilterTest, Orders) {
  EXPECT_TRUE(ParseOrder("metrics.`a b` desc")->descending);
  EXPECT_FALSE(ParseOrder("name ASC")->descending);
  EXPECT_FALSE(ParseOrder("name")->descending);
  EXPECT_FALSE(ParseOrder("name UP").ok());
  EXPECT_FALSE(ParseOrder("").ok());
  EXPECT_FALSE(ParseOrder("name; DROP TABLE models").ok());
}

const Searched kSearched = {.table = "models",
                            .join = {"tenant", "name"},
                            .columns = {{"name", "models.name"}, {"created", "models.created", true}},
                            .tags = "model_tags",
                            .params = {},
                            .metrics = {},
                            .without_tag_differs = true,
                            .then = "models.name ASC"};

// Whatever a caller writes, the statement consists of our own words and has one place for each value.
TEST(SearchTest, NothingThatACallerWritesIsPartOfTheStatement) {
  std::mt19937 random(7);
  const std::vector<std::string> pieces = {
      "name", "tags.", "`sEcReT`", "'sEcReT'", "\"sEcReT\"", "=",  "!=", " AND ", "(", ")",       ",",
      "LIKE", "IN",    "--",       ";",        "sEcReT",     "''", "'",  "1",     " ", "created", ">"};
  int good = 0;
  for (int i = 0; i < 200000; ++i) {
    std::string filter, order;
    for (size_t n = random() % 8; n > 0; --n) filter += pieces[random() % pieces.size()];
    for (size_t n = random() % 4; n > 0; --n) order += pieces[random() % pieces.size()];
    const auto search =
        MakeSearch(kSearched, "models.tenant = ?", {"t"}, filter, {order.empty() ? "name" : order}, 10, "");
    if (!search.ok()) {
      EXPECT_TRUE(absl::IsInvalidArgument(search.status()));
      continue;
    }
    ++good;
    EXPECT_EQ(search->sql.find("sEcReT"), std::string::npos) << filter << " / " << order;
    EXPECT_EQ(static_cast<size_t>(std::count(search->sql.begin(), search->sql.end(), '?')),
              search->values.size());
  }
  EXPECT_GT(good, 100);
}

TEST(SearchTest, WhatCantBeSearchedIsNamed) {
  const auto make = [](std::string_view filter, std::string_view token = "") {
    return std::string(Message(MakeSearch(kSearched, "1 = 1", {}, filter, {}, 10, token).status()));
  };
  EXPECT_THAT(make("size = 'x'"), HasSubstr("there are name, created"));
  EXPECT_THAT(make("metrics.a > 1"), HasSubstr("in runs only"));
  EXPECT_THAT(make("name > 'x'"), HasSubstr("is a text"));
  EXPECT_THAT(make("name = 1"), HasSubstr("texts in quotes"));
  EXPECT_THAT(make("created LIKE 'x'"), HasSubstr("numbers"));
  EXPECT_THAT(make("", "nonsense"), HasSubstr("page token"));
  EXPECT_THAT(make("", "at--5"), HasSubstr("page token"));
}

}  // namespace
}  // namespace starling::registry

#include "core/config/print.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/config/sample_settings.h"

namespace starling::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PrintTest : public ::testing::Test {
 protected:
  PrintTest() { schema_.Add("sample", DeclareSample); }
  Schema schema_;
};

TEST_F(PrintTest, WhatHoldsCanBeReadAgain) {
  const auto values =
      schema_.Load({.environment = {{"KEY", "hush"}},
                    .sets = {"sample.max_texts=7", "sample.name=yes: no", "sample.timeout=90s",
                             "sample.optional=3", "sample.labels={a: '1', 'b c': d}",
                             "sample.keys=[{name: first, secret: 'env:KEY'}, {name: second}]",
                             "sample.named={x: {name: y}}", "sample.mode=safe"}});
  ASSERT_TRUE(values.ok()) << values.status();
  const std::string yaml = EffectiveYaml(schema_, *values);
  EXPECT_THAT(yaml, HasSubstr("  max_texts: 7  # --set sample.max_texts\n"));
  EXPECT_THAT(yaml, HasSubstr("  limit: 4MiB\n"));
  EXPECT_THAT(yaml, HasSubstr("  keys:\n    - name: first  # --set sample.keys\n      secret: \"env:KEY\""));

  const std::string path = ::testing::TempDir() + "effective.yaml";
  std::ofstream(path) << yaml;
  const auto again = schema_.Load({.file = path, .environment = {{"KEY", "hush"}}});
  ASSERT_TRUE(again.ok()) << again.status() << yaml;
  const Sample& sample = again->Get<Sample>("sample");
  EXPECT_EQ(sample.max_texts, 7);
  EXPECT_EQ(sample.name, "yes: no");
  EXPECT_EQ(sample.timeout, std::chrono::seconds(90));
  EXPECT_EQ(sample.optional, 3);
  EXPECT_EQ(sample.labels.at("b c"), "d");
  ASSERT_EQ(sample.keys.size(), 2u);
  EXPECT_EQ(sample.keys[0].secret.Reveal(), "hush");
  EXPECT_EQ(sample.named.at("x").name, "y");
  EXPECT_EQ(sample.mode, Mode::kSafe);
}

TEST_F(PrintTest, SecretsAreMasked) {
  const auto values = schema_.Load({.sets = {"sample.token=hush"}});
  ASSERT_TRUE(values.ok()) << values.status();
  const std::string yaml = EffectiveYaml(schema_, *values);
  EXPECT_THAT(yaml, HasSubstr("token: \"********\""));
  EXPECT_THAT(yaml, Not(HasSubstr("hush")));
}

TEST_F(PrintTest, TheSchemaSaysTypesBoundsAndDefaults) {
  const std::string schema = JsonSchema(schema_);
  EXPECT_THAT(schema, HasSubstr(R"json("max_texts": {
          "description": "Most texts in one request. (1 to 100000)",
          "type": "integer",
          "minimum": 1,
          "maximum": 100000,
          "default": 1000
        })json"));
  EXPECT_THAT(schema, HasSubstr(R"("enum": ["fast", "safe"],
          "default": "fast")"));
  EXPECT_THAT(schema, HasSubstr(R"("required": ["name"])"));
}

TEST_F(PrintTest, ThePageHasARowForEverySetting) {
  const std::string page = ReferencePage(schema_);
  EXPECT_THAT(page, HasSubstr("## sample\n\nA sample of every type.\n\n"));
  EXPECT_THAT(
      page, HasSubstr("| `max_texts` | whole number, 1 to 100000 | `1000` | Most texts in one request. |\n"));
  EXPECT_THAT(page, HasSubstr("| `mode` | choice: `fast`, `safe` | `fast` | A choice. |\n"));
  EXPECT_THAT(page, HasSubstr("| `timeout` | duration, 1ms to 1h | `250ms` | A time. |\n"));
  EXPECT_THAT(page, HasSubstr("| `keys[].name` | string | required | Who holds it. |\n"));
  EXPECT_THAT(page, HasSubstr("| `named.NAME.secret` | secret |  | The key. |\n"));
}

}  // namespace
}  // namespace starling::config

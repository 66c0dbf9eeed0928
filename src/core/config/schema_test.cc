#include "core/config/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/status.h"
#include "core/config/sample_settings.h"

namespace starling::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;  // NOLINT(build/namespaces)

class SchemaTest : public ::testing::Test {
 protected:
  SchemaTest() { schema_.Add("sample", DeclareSample); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = ::testing::TempDir() + name;
    std::ofstream(path) << text;
    return path;
  }
  absl::StatusOr<Values> LoadText(const std::string& yaml, Environment environment = {},
                                  std::vector<std::string> sets = {}) {
    file_ = Write("all.yaml", yaml);
    return schema_.Load({.file = file_, .environment = std::move(environment), .sets = std::move(sets)});
  }
  // The problems, with the file's path written as FILE.
  std::vector<std::string> Problems(const absl::StatusOr<Values>& values) {
    EXPECT_EQ(values.status().code(), absl::StatusCode::kInvalidArgument);
    std::vector<std::string> lines;
    std::istringstream stream{std::string(Message(values.status()))};
    for (std::string line; std::getline(stream, line);) {
      if (line.starts_with(file_)) line = "FILE" + line.substr(file_.size());
      lines.push_back(line);
    }
    return lines;
  }

  Schema schema_;
  std::string file_;
};

TEST_F(SchemaTest, GivesTheDefaultsOfTheStruct) {
  const auto values = schema_.Load({});
  ASSERT_TRUE(values.ok()) << values.status();
  const Sample& sample = values->Get<Sample>("sample");
  EXPECT_EQ(sample.max_texts, 1000);
  EXPECT_EQ(sample.timeout, 250ms);
  EXPECT_EQ(sample.optional, std::nullopt);
  EXPECT_EQ(values->Origin("sample.max_texts"), "");
}

TEST_F(SchemaTest, ReadsEveryTypeFromAFile) {
  const auto values = LoadText(R"(
sample:
  enabled: false
  max_texts: 7
  port: 0
  ratio: 0.25
  name: "5"
  timeout: 1m30s
  limit: 1.5MiB
  mode: safe
  token: hush
  optional: 3
  origins: [x, "y"]
  labels: {a: b}
  tls: {certificate: c.pem, key: k.pem}
  keys:
    - name: first
      secret: one
    - name: second
  named:
    third: {name: 3rd}
)");
  ASSERT_TRUE(values.ok()) << values.status();
  const Sample& sample = values->Get<Sample>("sample");
  EXPECT_FALSE(sample.enabled);
  EXPECT_EQ(sample.max_texts, 7);
  EXPECT_EQ(sample.port, 0);
  EXPECT_EQ(sample.ratio, 0.25);
  EXPECT_EQ(sample.name, "5");
  EXPECT_EQ(sample.timeout, 90s);
  EXPECT_EQ(sample.limit, 3u << 19);
  EXPECT_EQ(sample.mode, Mode::kSafe);
  EXPECT_EQ(sample.token.Reveal(), "hush");
  EXPECT_EQ(sample.optional, 3);
  EXPECT_THAT(sample.origins, ElementsAre("x", "y"));
  EXPECT_EQ(sample.labels.at("a"), "b");
  EXPECT_EQ(sample.tls.key, "k.pem");
  ASSERT_EQ(sample.keys.size(), 2u);
  EXPECT_EQ(sample.keys[0].secret.Reveal(), "one");
  EXPECT_EQ(sample.named.at("third").name, "3rd");
  EXPECT_EQ(values->Origin("sample.max_texts"), file_ + ":4");
}

TEST_F(SchemaTest, LaterSourcesWin) {
  const auto values = LoadText("sample: {max_texts: 1, ratio: 0.1, name: file, origins: [f, g]}",
                               {{"STARLING_SAMPLE__MAX_TEXTS", "2"},
                                {"STARLING_SAMPLE__RATIO", "0.2"},
                                {"STARLING_SAMPLE__TLS__KEY", "k"},
                                {"STARLING_SAMPLE__NAMED__CHILD__NAME", "n"},
                                {"STARLING_CACHE", "no setting"},
                                {"PATH", "/bin"}},
                               {"sample.ratio=0.3", "sample.origins=[s]", "sample.tls={certificate: c}"});
  ASSERT_TRUE(values.ok()) << values.status();
  const Sample& sample = values->Get<Sample>("sample");
  EXPECT_EQ(sample.name, "file");
  EXPECT_EQ(sample.max_texts, 2);
  EXPECT_EQ(sample.ratio, 0.3);
  EXPECT_THAT(sample.origins, ElementsAre("s"));
  EXPECT_EQ(sample.tls.key, "k");
  EXPECT_EQ(sample.tls.certificate, "c");
  EXPECT_EQ(sample.named.at("child").name, "n");
  EXPECT_EQ(values->Origin("sample.max_texts"), "environment STARLING_SAMPLE__MAX_TEXTS");
}

TEST_F(SchemaTest, ReportsAllProblemsAtOnceWithPlaceAndSuggestion) {
  const auto values = LoadText(
      "sample:\n  max_txts: 5\n  ratio: 2\n  port: \"80\"\n  mode: sfe\n  tls: 3\n"
      "  keys: [{secret: s}]\n  timeout: 5\n  name:\nsampel: {}\n",
      {{"STARLING_SAMPLE__PORT", "70000"}}, {"sample.limit=12", "nonsense", "sample.origins=[a, b, c, d]"});
  EXPECT_THAT(Problems(values),
              ElementsAre("FILE:2: unknown setting 'sample.max_txts'; did you mean 'max_texts'?",
                          "FILE:3: 'sample.ratio' must be 0 to 1, not '2'",
                          "FILE:4: 'sample.port' must be a whole number",
                          "FILE:5: 'sample.mode' must be one of fast, safe, not 'sfe'",
                          "FILE:6: 'sample.tls' must be a section, with settings below it",
                          "FILE:8: 'sample.timeout' must be a duration such as 250ms, 5s or 1h30m, not '5'",
                          "FILE:9: 'sample.name' has no value",
                          "FILE:10: unknown setting 'sampel'; did you mean 'sample'?",
                          "environment STARLING_SAMPLE__PORT: 'sample.port' is too large or too small",
                          "--set sample.limit: 'sample.limit' must be at least 1KiB, not '12'",
                          "--set nonsense: must read like --set sentiment.max_texts=5",
                          "--set sample.origins: 'sample.origins' must have at most 3 entries, not 4",
                          "FILE:7: 'sample.keys[0].name' is missing"));
}

TEST_F(SchemaTest, HoldsToRulesOverSeveralSettings) {
  EXPECT_THAT(Problems(LoadText("sample:\n  tls:\n    key: k\n")),
              ElementsAre("FILE:2: 'sample.tls' needs both certificate and key, or neither"));
}

TEST_F(SchemaTest, ReadsSecretsFromFilesAndVariables) {
  const std::string file = Write("secret", "from file\n");
  const auto values = LoadText("sample: {token: 'file:" + file + "', keys: [{name: a, secret: 'env:KEY'}]}",
                               {{"KEY", "from variable"}});
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ(values->Get<Sample>("sample").token.Reveal(), "from file");
  EXPECT_EQ(values->Get<Sample>("sample").token.Masked(), "file:" + file);
  EXPECT_EQ(values->Get<Sample>("sample").keys[0].secret.Reveal(), "from variable");
  EXPECT_EQ(Secret("hush").Masked(), "********");

  EXPECT_THAT(Problems(LoadText("sample: {token: 'env:KEY'}")),
              ElementsAre("FILE:1: 'sample.token' names the environment variable KEY, which is not set"));
}

TEST_F(SchemaTest, NeverShowsASecretInAProblem) {
  const auto values = LoadText("sample: {token: [hush]}");
  EXPECT_THAT(Problems(values), ElementsAre("FILE:1: 'sample.token' must be a string"));
}

TEST_F(SchemaTest, SaysWhichFileIsMissing) {
  const auto values = schema_.Load({.file = "/nowhere.yaml"});
  EXPECT_EQ(Message(values.status()), "/nowhere.yaml: No such file or directory");
}

struct Wrong {
  int number = 5;
};

TEST(DeclarationTest, MistakesInADeclarationAreFound) {
  Schema outside;
  outside.Add(
      "wrong", +[](Declaration<Wrong>& d) { d.Int("number", &Wrong::number).Max(4).Text("Too large."); });
  EXPECT_EQ(Message(outside.Load({}).status()), "the default of 'wrong.number' must be at most 4, not '5'");

  Schema no_text;
  no_text.Add("wrong", +[](Declaration<Wrong>& d) { d.Int("number", &Wrong::number); });
  EXPECT_THAT(std::string(Message(no_text.Load({}).status())), HasSubstr("has no text"));
}

TEST(DeclarationDeathTest, AnotherStructEndsTheProgram) {
  Schema schema;
  schema.Add("sample", DeclareSample);
  const auto values = schema.Load({});
  ASSERT_TRUE(values.ok());
  EXPECT_DEATH(values->Get<Wrong>("sample"), "another struct");
}

}  // namespace
}  // namespace starling::config

#include "services/registry/names.h"

#include <gtest/gtest.h>

namespace starling::registry {
namespace {

TEST(NamesTest, SourcesAreInStores) {
  for (const char* source :
       {"mlflow-artifacts:/1/run/artifacts/model", "runs:/0123/model", "models:/m/1", "models:/m-0123",
        "s3://bucket/key", "https://host/path?x=../y", "mlflow-artifacts:/a b/100%"})
    EXPECT_TRUE(CheckSource(source).ok()) << source;
}

TEST(NamesTest, SourcesThatWouldBeReadElsewhereAreRefused) {
  for (const char* source :
       {"file:///etc/passwd", "FILE:/etc/passwd", "/etc/passwd", "relative/path", "", "C:\\windows",
        "\\\\host\\share", "mlflow-artifacts:/../../etc/passwd", "mlflow-artifacts:/a/../../b",
        "mlflow-artifacts:/a/%2e%2e/b", "mlflow-artifacts:/a/%252e%252e/b", "mlflow-artifacts:/%2e%2e%2fb",
        "runs:/x/..", "mlflow-artifacts:/", "mlflow-artifacts://", "dbfs:/x", "gopher://x",
        "s3://bucket/a\nb"})
    EXPECT_TRUE(absl::IsInvalidArgument(CheckSource(source))) << source;
}

TEST(NamesTest, Aliases) {
  for (const char* alias : {"champion", "a-b_c", "v", "vx1", "1"})
    EXPECT_TRUE(CheckAlias(alias).ok()) << alias;
  for (const char* alias : {"latest", "Latest", "v1", "V20", "a b", "a/b", "a@b", "\xC3\xA9"})
    EXPECT_FALSE(CheckAlias(alias).ok()) << alias;
}

TEST(NamesTest, Versions) {
  EXPECT_EQ(*ParseVersion("12"), 12);
  for (const char* version : {"", "0", "-1", "1.0", "01x", "99999999999999999999", " 1"})
    EXPECT_FALSE(ParseVersion(version).ok()) << version;
}

}  // namespace
}  // namespace starling::registry

#include "backends/sql_sqlite/sqlite_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/status.h"
#include "core/store/testing/sql_conformance.h"

namespace starling::sql_sqlite {
namespace {

using ::testing::HasSubstr;

std::string NewFolder() {
  std::string path = (std::filesystem::temp_directory_path() / "starling-sqlite-XXXXXX").string();
  return mkdtemp(path.data());
}

const bool kRegistered = [] {
  store::RegisterSqlConformance("sqlite", [] {
    // Removed with its last user.
    const std::shared_ptr<std::string> folder(new std::string(NewFolder()), [](const std::string* path) {
      std::filesystem::remove_all(*path);
      delete path;
    });
    return store::SqlProduct{
        "sqlite", [folder] { return *OpenSqlite({.path = *folder + "/data.db", .setting = "x"}); }};
  });
  return true;
}();

TEST(SqliteDatabaseTest, ASecondOpenerIsRefusedWithTheSettingThatShares) {
  const std::string folder = NewFolder();
  {
    const auto first = OpenSqlite({.path = folder + "/data.db", .setting = "registry.sql.postgres.url"});
    ASSERT_TRUE(first.ok()) << first.status();
    const auto second = OpenSqlite({.path = folder + "/data.db", .setting = "registry.sql.postgres.url"});
    EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(Message(second.status())),
                HasSubstr("registry.sql.postgres.url lets several share"));
  }
  EXPECT_TRUE(OpenSqlite({.path = folder + "/data.db", .setting = "x"}).ok());
  std::filesystem::remove_all(folder);
}

TEST(SqliteDatabaseTest, AFileThatIsNoDatabaseIsNamed) {
  const std::string folder = NewFolder();
  const auto opened = OpenSqlite({.path = folder, .setting = "x"});
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Message(opened.status())), HasSubstr(folder));
  std::filesystem::remove_all(folder);
  std::filesystem::remove(folder + "-lock");
}

}  // namespace
}  // namespace starling::sql_sqlite

#include "backends/sql_postgres/postgres_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "backends/sql_postgres/postgres_connection.h"
#include "base/status.h"
#include "core/store/testing/sql_conformance.h"

namespace starling::sql_postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Set by tests/harness/with_postgres.
std::string Url() {
  const char* url = std::getenv("STARLING_TEST_POSTGRES_URL");
  return url != nullptr ? url : "";
}

const bool kRegistered = [] {
  store::RegisterSqlConformance("postgres", [] {
    static int tests = 0;
    // A schema for each test is a database of its own for everything that has no schema in its name.
    const std::string schema = StrCat("test_", tests++);
    auto server = OpenPostgres({.url = Url()});
    EXPECT_TRUE(server.ok()) << server.status();
    const absl::Status made = (*server)->WriteNow([&](store::SqlTransaction& transaction) {
      return transaction.Execute("CREATE SCHEMA " + schema, {}).status();
    });
    EXPECT_TRUE(made.ok()) << made;
    return store::SqlProduct{"postgres", [schema] {
                               return *OpenPostgres({.url = Url() + "&options=-csearch_path%3D" + schema});
                             }};
  });
  return true;
}();

TEST(PostgresConnectionTest, NumbersPlacesOutsideOfQuotes) {
  EXPECT_EQ(NumberedPlaceholders("SELECT '?', \"a?\" WHERE b = ? AND c = ?"),
            "SELECT '?', \"a?\" WHERE b = $1 AND c = $2");
}

TEST(PostgresDatabaseTest, AServerThatIsAwayIsUnavailableAndItsPasswordIsKept) {
  const auto opened = OpenPostgres({.url = "postgresql://me:geheim@127.0.0.1:1/x"});
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(Message(opened.status())), HasSubstr("127.0.0.1"));
  EXPECT_THAT(std::string(Message(opened.status())), Not(HasSubstr("geheim")));
}

TEST(PostgresDatabaseTest, AConnectionThatWasCutIsReplaced) {
  const auto database = *OpenPostgres({.url = Url()});
  const auto other = *OpenPostgres({.url = Url() + "&application_name=other"});
  const auto ask = [](store::SqlTransaction& transaction) {
    return transaction.Query("SELECT 1", {}).status();
  };
  ASSERT_TRUE(other->WriteNow(ask).ok());
  ASSERT_TRUE(
      database
          ->WriteNow([](store::SqlTransaction& transaction) {
            return transaction
                .Query(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = "
                    "'other'",
                    {})
                .status();
          })
          .ok());
  EXPECT_TRUE(other->WriteNow(ask).ok());
}

}  // namespace
}  // namespace starling::sql_postgres

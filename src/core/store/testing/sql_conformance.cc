#include "core/store/testing/sql_conformance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "base/status.h"
#include "core/async/spawn.h"

namespace starling::store {
namespace {

using Fresh = std::function<SqlProduct()>;

class Conformance : public ::testing::Test {
 public:
  explicit Conformance(const Fresh& fresh) : product_(fresh()), database_(product_.open()) {
    Must(
        "CREATE TABLE items (name TEXT NOT NULL PRIMARY KEY, amount BIGINT NOT NULL, weight DOUBLE "
        "PRECISION, "
        "note TEXT)",
        {});
  }

  void Must(std::string_view sql, const SqlValues& values) {
    const absl::Status status = Write(sql, values);
    ASSERT_TRUE(status.ok()) << status;
  }
  absl::Status Write(std::string_view sql, const SqlValues& values) {
    return database_->WriteNow(
        [&](SqlTransaction& transaction) { return transaction.Execute(sql, values).status(); });
  }
  std::vector<SqlRow> Rows(std::string sql, SqlValues values = {}) {
    auto rows = async::BlockOn(ReadFor<std::vector<SqlRow>>(
        *database_, [&](SqlTransaction& transaction) { return transaction.Query(sql, values); }));
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? *std::move(rows) : std::vector<SqlRow>();
  }

 protected:
  SqlProduct product_;
  std::unique_ptr<SqlDatabase> database_;
};

struct KeepsValues : Conformance {
  using Conformance::Conformance;
  void TestBody() override {
    const std::string text = "a'b\"c?\\ % _ ; -- \xC3\xA9\xE2\x82\xAC";
    Must("INSERT INTO items (name, amount, weight, note) VALUES (?, ?, ?, ?)",
         {text, std::numeric_limits<int64_t>::min(), 0.1, std::monostate()});
    Must("INSERT INTO items (name, amount, weight, note) VALUES (?, ?, ?, ?)",
         {"big", std::numeric_limits<int64_t>::max(), std::numeric_limits<double>::infinity(), ""});
    Must("INSERT INTO items (name, amount, weight, note) VALUES (?, ?, ?, ?)",
         {"nan", int64_t{0}, std::nan(""), "x"});
    const auto rows = Rows("SELECT name, amount, weight, note FROM items ORDER BY amount");
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0].Text(0), text);
    EXPECT_EQ(rows[0].Int(1), std::numeric_limits<int64_t>::min());
    EXPECT_EQ(rows[0].Double(2), 0.1);
    EXPECT_TRUE(rows[0].is_null(3));
    EXPECT_TRUE(rows[1].is_null(2));
    EXPECT_EQ(rows[2].Int(1), std::numeric_limits<int64_t>::max());
    EXPECT_EQ(rows[2].Double(2), std::numeric_limits<double>::infinity());
    EXPECT_FALSE(rows[2].is_null(3));
  }
};

struct ValuesAreNeverStatements : Conformance {
  using Conformance::Conformance;
  void TestBody() override {
    const std::string attack = "x'; DROP TABLE items; --";
    Must("INSERT INTO items (name, amount, note) VALUES (?, 1, '?')", {attack});
    const auto rows = Rows("SELECT note FROM items WHERE name = ?", {attack});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].Text(0), "?");  // a question mark in quotes is no place for a value
  }
};

struct NamesWhatIsTaken : Conformance {
  using Conformance::Conformance;
  void TestBody() override {
    Must("INSERT INTO items (name, amount) VALUES ('a', 1)", {});
    EXPECT_EQ(Write("INSERT INTO items (name, amount) VALUES ('a', 2)", {}).code(),
              absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(Write("INSERT INTO items (name, amount) VALUES ('b', ?)", {std::monostate()}).code(),
              absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(Write("SELECT nothing FROM nowhere", {}).code(), absl::StatusCode::kInternal);
    Must(
        "INSERT INTO items (name, amount) VALUES ('a', 3) ON CONFLICT (name) DO UPDATE SET amount = "
        "excluded.amount",
        {});
    EXPECT_EQ(Rows("SELECT amount FROM items WHERE name = 'a'").at(0).Int(0), 3);
  }
};

struct CountsAndReturnsWhatChanged : Conformance {
  using Conformance::Conformance;
  void TestBody() override {
    for (const char* name : {"a", "b", "c"})
      Must("INSERT INTO items (name, amount) VALUES (?, 1)", {std::string(name)});
    const absl::Status status = database_->WriteNow([](SqlTransaction& transaction) -> absl::Status {
      ASSIGN_OR_RETURN(const int64_t changed,
                       transaction.Execute("UPDATE items SET amount = 2 WHERE name <> ?", {"c"}));
      EXPECT_EQ(changed, 2);
      ASSIGN_OR_RETURN(const int64_t none, transaction.Execute("DELETE FROM items WHERE name = 'z'", {}));
      EXPECT_EQ(none, 0);
      ASSIGN_OR_RETURN(
          const auto rows,
          transaction.Query("UPDATE items SET amount = amount + ? WHERE name = 'a' RETURNING amount",
                            {int64_t{5}}));
      EXPECT_EQ(rows.at(0).Int(0), 7);
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
  }
};

struct UndoesWhatFails : Conformance {
  using Conformance::Conformance;
  void TestBody() override {
    const absl::Status status = database_->WriteNow([](SqlTransaction& transaction) -> absl::Status {
      RETURN_IF_ERROR(transaction.Execute("INSERT INTO items (name, amount) VALUES ('a', 1)", {}).status());
      return InvalidArgument("changed my mind");
    });
    EXPECT_EQ(Message(status), "changed my mind");
    EXPECT_TRUE(Rows("SELECT name FROM items").empty());
    // And the connection is as good as new.
    Must("INSERT INTO items (name, amount) VALUES ('a', 1)", {});
  }
};

struct LikeMindsCase : Conformance {
  using Conformance::Conformance;
  void TestBody() override {
    for (const char* name : {"Alpha", "alpha", "al%ha", "al\\ha"})
      Must("INSERT INTO items (name, amount) VALUES (?, 1)", {std::string(name)});
    EXPECT_EQ(Rows("SELECT name FROM items WHERE name LIKE ? ESCAPE '\\'", {"al%"}).size(), 3U);
    EXPECT_EQ(Rows("SELECT name FROM items WHERE LOWER(name) LIKE LOWER(?) ESCAPE '\\'", {"AL%"}).size(), 4U);
    EXPECT_EQ(Rows("SELECT name FROM items WHERE name LIKE ? ESCAPE '\\'", {"al\\%ha"}).size(), 1U);
    const auto rows =
        Rows("SELECT name FROM items WHERE name LIKE ? ESCAPE '\\'", {EscapeLikeBackslashes("al\\%")});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].Text(0), "al\\ha");
  }
};

struct WritersAtOnceLoseNothing : Conformance {
  using Conformance::Conformance;
  void TestBody() override {
    Must("INSERT INTO items (name, amount) VALUES ('n', 0)", {});
    constexpr int kWriters = 4, kTimes = 25;
    std::vector<std::thread> threads;
    for (int i = 0; i < kWriters; ++i) {
      threads.emplace_back([this] {
        for (int n = 0; n < kTimes; ++n) {
          const absl::Status status = database_->WriteNow([](SqlTransaction& transaction) -> absl::Status {
            ASSIGN_OR_RETURN(const auto rows,
                             transaction.Query("SELECT amount FROM items WHERE name = 'n'", {}));
            return transaction
                .Execute("UPDATE items SET amount = ? WHERE name = 'n'", {rows.at(0).Int(0) + 1})
                .status();
          });
          // A refusal is allowed where writers collide too often; a lost update is not.
          if (status.ok()) ++done;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_GT(done, 0);
    EXPECT_EQ(Rows("SELECT amount FROM items").at(0).Int(0), done);
  }
  std::atomic<int64_t> done{0};
};

struct SurvivesBeingOpenedAgain : Conformance {
  using Conformance::Conformance;
  void TestBody() override {
    Must("INSERT INTO items (name, amount) VALUES ('kept', 1)", {});
    database_.reset();
    database_ = product_.open();
    EXPECT_EQ(Rows("SELECT name FROM items").size(), 1U);
  }
};

struct MigratesStepByStep : Conformance {
  using Conformance::Conformance;
  void TestBody() override {
    const SqlMigration first{1, {"CREATE TABLE one (a BIGINT)"}};
    const SqlMigration second{
        2, {"ALTER TABLE one ADD COLUMN b TEXT", "INSERT INTO one (a, b) VALUES (1, 'x')"}};
    ASSERT_TRUE(database_->Migrate("part", {first}).ok());
    ASSERT_TRUE(database_->Migrate("part", {first, second}).ok());
    ASSERT_TRUE(database_->Migrate("part", {first, second}).ok());
    EXPECT_EQ(Rows("SELECT a, b FROM one").size(), 1U);
    EXPECT_EQ(database_->Migrate("part", {first}).code(), absl::StatusCode::kFailedPrecondition);
    // A step that fails leaves nothing of itself.
    const SqlMigration broken{3, {"CREATE TABLE two (a BIGINT)", "CREATE TABLE one (a BIGINT)"}};
    EXPECT_FALSE(database_->Migrate("part", {first, second, broken}).ok());
    EXPECT_TRUE(database_->Migrate("part", {first, second, {3, {"CREATE TABLE two (a BIGINT)"}}}).ok());
  }
};

template <typename T>
void Register(const std::string& name, const char* test, const Fresh& fresh) {
  ::testing::RegisterTest(("SqlConformance/" + name).c_str(), test, nullptr, nullptr, __FILE__, __LINE__,
                          [fresh]() -> Conformance* { return new T(fresh); });
}

}  // namespace

void RegisterSqlConformance(const std::string& name, std::function<SqlProduct()> fresh) {
  Register<KeepsValues>(name, "KeepsValues", fresh);
  Register<ValuesAreNeverStatements>(name, "ValuesAreNeverStatements", fresh);
  Register<NamesWhatIsTaken>(name, "NamesWhatIsTaken", fresh);
  Register<CountsAndReturnsWhatChanged>(name, "CountsAndReturnsWhatChanged", fresh);
  Register<UndoesWhatFails>(name, "UndoesWhatFails", fresh);
  Register<LikeMindsCase>(name, "LikeMindsCase", fresh);
  Register<WritersAtOnceLoseNothing>(name, "WritersAtOnceLoseNothing", fresh);
  Register<SurvivesBeingOpenedAgain>(name, "SurvivesBeingOpenedAgain", fresh);
  Register<MigratesStepByStep>(name, "MigratesStepByStep", fresh);
}

}  // namespace starling::store

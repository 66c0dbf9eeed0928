// One connection to a SQLite file, with its prepared statements. Internal to this folder.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/store/sql.h"

struct sqlite3;
struct sqlite3_stmt;

namespace starling::sql_sqlite {

// One thread at a time.
class SqliteConnection final : public store::SqlTransaction {
 public:
  static absl::StatusOr<std::unique_ptr<SqliteConnection>> Open(const std::string& path);
  ~SqliteConnection() override;

  // `begin` is the statement that opens the transaction.
  absl::Status Run(std::string_view begin, const store::SqlDatabase::Work& work);
  absl::Status Simple(const char* sql);

  absl::StatusOr<std::vector<store::SqlRow>> Query(std::string_view sql,
                                                   const store::SqlValues& values) override;
  absl::StatusOr<int64_t> Execute(std::string_view sql, const store::SqlValues& values) override;

 private:
  SqliteConnection() = default;
  absl::StatusOr<sqlite3_stmt*> Prepare(std::string_view sql);
  absl::Status Bind(sqlite3_stmt* statement, const store::SqlValues& values);
  absl::Status Failure() const;

  sqlite3* database_ = nullptr;
  std::unordered_map<std::string, sqlite3_stmt*> statements_;
};

}  // namespace starling::sql_sqlite

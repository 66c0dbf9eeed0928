#include "backends/sql_sqlite/sqlite_connection.h"

#include <sqlite3.h>

#include <utility>

#include "base/status.h"

namespace starling::sql_sqlite {
namespace {

constexpr int kBusyMs = 5000;
constexpr size_t kMaxStatements = 256;

store::SqlValue ColumnOf(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
      return std::string(text, static_cast<size_t>(sqlite3_column_bytes(statement, column)));
    }
    default:
      return std::monostate();
  }
}

// Leaves a statement ready for its next use.
struct Reset {
  sqlite3_stmt* statement;
  ~Reset() {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const std::string& path) {
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection());
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  if (sqlite3_open_v2(path.c_str(), &connection->database_, flags, nullptr) != SQLITE_OK) {
    return FailedPrecondition("The file ", path, " can't be opened: ", sqlite3_errmsg(connection->database_),
                              ".");
  }
  sqlite3_busy_timeout(connection->database_, kBusyMs);
  for (const char* pragma : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON",
                             "PRAGMA case_sensitive_like=ON"}) {
    const absl::Status set = connection->Simple(pragma);
    if (!set.ok()) return FailedPrecondition("The file ", path, " can't be used: ", Message(set));
  }
  return connection;
}

SqliteConnection::~SqliteConnection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

absl::Status SqliteConnection::Simple(const char* sql) {
  return sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? absl::OkStatus() : Failure();
}

absl::Status SqliteConnection::Run(std::string_view begin, const store::SqlDatabase::Work& work) {
  RETURN_IF_ERROR(Simple(std::string(begin).c_str()));
  absl::Status status = work(*this);
  if (status.ok()) status = Simple("COMMIT");
  // An error may have ended the transaction already.
  if (!status.ok() && sqlite3_get_autocommit(database_) == 0) {
    const absl::Status undone = Simple("ROLLBACK");
    if (!undone.ok()) return undone;
  }
  return status;
}

absl::StatusOr<sqlite3_stmt*> SqliteConnection::Prepare(std::string_view sql) {
  const auto known = statements_.find(std::string(sql));
  if (known != statements_.end()) return known->second;
  if (statements_.size() >= kMaxStatements) {
    for (const auto& [text, statement] : statements_) sqlite3_finalize(statement);
    statements_.clear();
  }
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement, nullptr) != SQLITE_OK) {
    return Failure();
  }
  statements_.emplace(sql, statement);
  return statement;
}

absl::Status SqliteConnection::Bind(sqlite3_stmt* statement, const store::SqlValues& values) {
  if (sqlite3_bind_parameter_count(statement) != static_cast<int>(values.size()))
    return Internal("A statement has another number of parameters than it was given.");
  int index = 0;
  for (const store::SqlValue& value : values) {
    ++index;
    int rv = SQLITE_OK;
    if (const auto* number = std::get_if<int64_t>(&value)) {
      rv = sqlite3_bind_int64(statement, index, *number);
    } else if (const auto* real = std::get_if<double>(&value)) {
      rv = sqlite3_bind_double(statement, index, *real);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      rv = sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    } else {
      rv = sqlite3_bind_null(statement, index);
    }
    if (rv != SQLITE_OK) return Failure();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<store::SqlRow>> SqliteConnection::Query(std::string_view sql,
                                                                   const store::SqlValues& values) {
  ASSIGN_OR_RETURN(sqlite3_stmt* const statement, Prepare(sql));
  const Reset reset{statement};
  RETURN_IF_ERROR(Bind(statement, values));
  std::vector<store::SqlRow> rows;
  while (true) {
    const int rv = sqlite3_step(statement);
    if (rv == SQLITE_DONE) return rows;
    if (rv != SQLITE_ROW) return Failure();
    store::SqlValues row;
    for (int column = 0; column < sqlite3_column_count(statement); ++column)
      row.push_back(ColumnOf(statement, column));
    rows.emplace_back(std::move(row));
  }
}

absl::StatusOr<int64_t> SqliteConnection::Execute(std::string_view sql, const store::SqlValues& values) {
  RETURN_IF_ERROR(Query(sql, values).status());
  return int64_t{sqlite3_changes64(database_)};
}

absl::Status SqliteConnection::Failure() const {
  const char* message = sqlite3_errmsg(database_);
  switch (sqlite3_extended_errcode(database_)) {
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_UNIQUE:
      return AlreadyExists("SQLite: ", message, ".");
    case SQLITE_CONSTRAINT_FOREIGNKEY:
    case SQLITE_CONSTRAINT_NOTNULL:
    case SQLITE_CONSTRAINT_CHECK:
      return FailedPrecondition("SQLite: ", message, ".");
    default:
      break;
  }
  switch (sqlite3_errcode(database_)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
      return WithRetryAfter(Unavailable("SQLite: ", message, "."), std::chrono::seconds(1));
    default:
      return Internal("SQLite: ", message, ".");
  }
}

}  // namespace starling::sql_sqlite

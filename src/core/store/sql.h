// SQL behind an interface: SQLite, PostgreSQL. Blocking, so that code with statements reads as it is; it runs on the database's
// own threads, never on a loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/async/task.h"

namespace starling::store {

// NULL, a 64-bit integer, a double or a text. NaN is stored as NULL.
using SqlValue = std::variant<std::monostate, int64_t, double, std::string>;
using SqlValues = std::vector<SqlValue>;

// One row of an answer. A NULL reads as 0 or "".
class SqlRow {
 public:
  explicit SqlRow(SqlValues values) : values_(std::move(values)) {}
  bool is_null(size_t column) const { return std::holds_alternative<std::monostate>(values_[column]); }
  int64_t Int(size_t column) const;
  double Double(size_t column) const;
  const std::string& Text(size_t column) const;

 private:
  SqlValues values_;
};

// One transaction. Only on the thread and for the time of the work that it was given to.
class SqlTransaction {
 public:
  virtual ~SqlTransaction() = default;
  // `sql` is one statement of the common dialect: `?` for each value, BIGINT, DOUBLE PRECISION, TEXT, ON CONFLICT, RETURNING; LIKE
  // minds case and has no escape character unless ESCAPE says so. Values never become part of the statement.
  // ALREADY_EXISTS for a key that is taken, FAILED_PRECONDITION for another broken constraint, INTERNAL for a wrong statement.
  // After an error the transaction can only end, and its work must return that error.
  virtual absl::StatusOr<std::vector<SqlRow>> Query(std::string_view sql, const SqlValues& values) = 0;
  // How many rows it changed.
  virtual absl::StatusOr<int64_t> Execute(std::string_view sql, const SqlValues& values) = 0;
};

// One step of a schema, from its number minus one to it. Never changed once it was released.
struct SqlMigration {
  int64_t number;
  std::vector<std::string_view> statements;
};

// Thread-safe. The destructor finishes what has begun.
class SqlDatabase {
 public:
  using Work = std::function<absl::Status(SqlTransaction&)>;
  virtual ~SqlDatabase() = default;

  // Runs `work` in a transaction: committed if it returns OK, undone otherwise. When this has returned OK the change survives the death
  // of the program and of the machine. Writes see each other's effects as if they came one after the other; where the
  // product needs that, `work` is run again from its start. UNAVAILABLE: it cannot be reached, or is too busy.
  virtual async::Task<absl::Status> Write(Work work) = 0;
  // The same for work that changes nothing; sees one moment of the data.
  virtual async::Task<absl::Status> Read(Work work) = 0;

  // Write() and Read() on the calling thread, for the start of a program, for threads that may block and for tests.
  virtual absl::Status WriteNow(const Work& work) = 0;

  // Brings the tables of `part` ("registry") up to the last of `steps`; done ones are skipped. FAILED_PRECONDITION if the database
  // is newer than this program.
  absl::Status Migrate(std::string_view part, const std::vector<SqlMigration>& steps);
};

// A Write() or Read() that gives a value: `work` is a function from SqlTransaction& to absl::StatusOr<T>.
template <typename T>
async::Task<absl::StatusOr<T>> WriteFor(SqlDatabase& database,
                                        std::function<absl::StatusOr<T>(SqlTransaction&)> work) {
  absl::StatusOr<T> result;
  SqlDatabase::Work wrapped = [&result, &work](SqlTransaction& transaction) {
    result = work(transaction);
    return result.status();
  };
  absl::Status status = co_await database.Write(std::move(wrapped));
  if (!status.ok()) co_return status;
  co_return result;
}
template <typename T>
async::Task<absl::StatusOr<T>> ReadFor(SqlDatabase& database,
                                       std::function<absl::StatusOr<T>(SqlTransaction&)> work) {
  absl::StatusOr<T> result;
  SqlDatabase::Work wrapped = [&result, &work](SqlTransaction& transaction) {
    result = work(transaction);
    return result.status();
  };
  absl::Status status = co_await database.Read(std::move(wrapped));
  if (!status.ok()) co_return status;
  co_return result;
}

// For LIKE ... ESCAPE '\\': `text` with its backslashes taken literally; % and _ stay wildcards.
std::string EscapeLikeBackslashes(std::string_view text);

}  // namespace starling::store

#include "backends/sql_sqlite/sqlite_database.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "backends/sql_sqlite/sqlite_connection.h"
#include "base/status.h"
#include "core/store/sql_threads.h"

namespace starling::sql_sqlite {
namespace {

// Held as long as it is open. SQLite's own locks would let a second program in between two transactions.
class ProcessLock {
 public:
  static absl::StatusOr<std::unique_ptr<ProcessLock>> Take(const SqliteOptions& options) {
    const std::string path = options.path + "-lock";
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return FailedPrecondition("The file ", path, " can't be opened: ", std::strerror(errno), ".");
    auto lock = std::make_unique<ProcessLock>(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
    return FailedPrecondition("Another program has ", options.path,
                              " open, and one at a time may write to it; ", options.setting,
                              " lets several share the data.");
  }
  explicit ProcessLock(int fd) : fd_(fd) {}
  ~ProcessLock() { ::close(fd_); }
  ProcessLock(const ProcessLock&) = delete;

 private:
  const int fd_;
};

class SqliteDatabase final : public store::SqlDatabase {
 public:
  SqliteDatabase(SqliteOptions options, std::unique_ptr<ProcessLock> lock,
                 std::unique_ptr<SqliteConnection> writer)
      : options_(std::move(options)),
        lock_(std::move(lock)),
        writer_(std::move(writer)),
        write_thread_("sqlite-write", 1, options_.max_queue),
        read_threads_("sqlite-read", options_.read_threads, options_.max_queue) {}

  async::Task<absl::Status> Write(Work work) override {
    return write_thread_.Run([this, work = std::move(work)] { return WriteNow(work); });
  }

  async::Task<absl::Status> Read(Work work) override {
    return read_threads_.Run([this, work = std::move(work)]() -> absl::Status {
      auto connection = readers_.Take();
      if (connection == nullptr) {
        ASSIGN_OR_RETURN(connection, SqliteConnection::Open(options_.path));
      }
      absl::Status status = connection->Run("BEGIN", work);
      readers_.GiveBack(std::move(connection));
      return status;
    });
  }

  absl::Status WriteNow(const Work& work) override {
    const std::lock_guard lock(write_mutex_);
    return writer_->Run("BEGIN IMMEDIATE", work);
  }

 private:
  const SqliteOptions options_;
  const std::unique_ptr<ProcessLock> lock_;
  std::mutex write_mutex_;
  const std::unique_ptr<SqliteConnection> writer_;
  store::IdleConnections<SqliteConnection> readers_;
  // Last: their threads end first.
  store::SqlThreads write_thread_, read_threads_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<store::SqlDatabase>> OpenSqlite(SqliteOptions options) {
  ASSIGN_OR_RETURN(auto lock, ProcessLock::Take(options));
  ASSIGN_OR_RETURN(auto writer, SqliteConnection::Open(options.path));
  return std::make_unique<SqliteDatabase>(std::move(options), std::move(lock), std::move(writer));
}

}  // namespace starling::sql_sqlite

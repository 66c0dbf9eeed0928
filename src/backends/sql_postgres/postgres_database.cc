#include "backends/sql_postgres/postgres_database.h"

#include <utility>

#include "backends/sql_postgres/postgres_connection.h"
#include "base/status.h"
#include "core/store/sql_threads.h"

namespace starling::sql_postgres {
namespace {

// Conflicts are rare and short; many in a row mean that the machine is overloaded.
constexpr int kAttempts = 20;
constexpr const char* kWrite = "BEGIN ISOLATION LEVEL SERIALIZABLE";
constexpr const char* kRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

class PostgresDatabase final : public store::SqlDatabase {
 public:
  explicit PostgresDatabase(PostgresOptions options)
      : options_(std::move(options)), threads_("postgres", options_.threads, options_.max_queue) {}

  async::Task<absl::Status> Write(Work work) override {
    return threads_.Run([this, work = std::move(work)] { return Transact(kWrite, work); });
  }
  async::Task<absl::Status> Read(Work work) override {
    return threads_.Run([this, work = std::move(work)] { return Transact(kRead, work); });
  }
  absl::Status WriteNow(const Work& work) override { return Transact(kWrite, work); }

 private:
  absl::Status Transact(const char* begin, const Work& work) {
    absl::Status last;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      auto connection = connections_.Take();
      if (connection == nullptr) {
        ASSIGN_OR_RETURN(connection, PostgresConnection::Open(options_.url));
      }
      const auto [status, end] = connection->Run(begin, work);
      if (connection->alive()) connections_.GiveBack(std::move(connection));
      if (end == PostgresConnection::End::kDone) return status;
      last = status;
      if (end == PostgresConnection::End::kLost) break;
    }
    if (last.code() == absl::StatusCode::kUnavailable) return last;
    return WithRetryAfter(Unavailable("The database has too many changes at once."), std::chrono::seconds(1));
  }

  const PostgresOptions options_;
  store::IdleConnections<PostgresConnection> connections_;
  store::SqlThreads threads_;  // last: it ends first
};

}  // namespace

absl::StatusOr<std::unique_ptr<store::SqlDatabase>> OpenPostgres(PostgresOptions options) {
  ASSIGN_OR_RETURN(auto first, PostgresConnection::Open(options.url));
  return std::make_unique<PostgresDatabase>(std::move(options));
}

}  // namespace starling::sql_postgres

// One connection to a PostgreSQL server. Internal to this folder.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <string_view>

#include "core/store/sql.h"

namespace starling::sql_postgres {

// "? ... ?" as "$1 ... $2"; question marks in quotes stay.
std::string NumberedPlaceholders(std::string_view sql);

// One thread at a time.
class PostgresConnection final : public store::SqlTransaction {
 public:
  static absl::StatusOr<std::unique_ptr<PostgresConnection>> Open(const std::string& url);

  enum class End { kDone, kAgain, kLost };  // kAgain: nothing happened, and it may be run again
  struct Outcome {
    absl::Status status;
    End end = End::kDone;
  };
  Outcome Run(const char* begin, const store::SqlDatabase::Work& work);
  bool alive() const { return PQstatus(connection_.get()) == CONNECTION_OK; }

  absl::StatusOr<std::vector<store::SqlRow>> Query(std::string_view sql,
                                                   const store::SqlValues& values) override;
  absl::StatusOr<int64_t> Execute(std::string_view sql, const store::SqlValues& values) override;

 private:
  struct Closer {
    void operator()(PGconn* connection) const { PQfinish(connection); }
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using Result = std::unique_ptr<PGresult, Closer>;

  PostgresConnection() = default;
  absl::Status Simple(const char* sql);
  absl::StatusOr<Result> Send(std::string_view sql, const store::SqlValues& values);
  absl::Status Failure(const PGresult* result);

  std::unique_ptr<PGconn, Closer> connection_;
  bool conflict_ = false;  // the transaction was undone because of another
};

}  // namespace starling::sql_postgres

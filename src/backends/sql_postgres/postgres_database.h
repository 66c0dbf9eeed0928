// SQL in a PostgreSQL server, by libpq.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/store/sql.h"

namespace starling::sql_postgres {

struct PostgresOptions {
  std::string
      url;  // as libpq takes it (PostgreSQL documentation, 34.1.1): postgresql://user:password@host:port/database
  size_t threads = 4;  // and as many connections
  size_t max_queue = 1024;
};

// Transactions are serializable; one that PostgreSQL undoes because of another (SQLSTATE 40001, 40P01) runs again, as does one whose
// connection was found dead before its COMMIT was sent. A connection that breaks while COMMIT is under way is UNAVAILABLE: whether
// the change was made is not known. UNAVAILABLE here if the server can't be reached now. Sentences name the server and never the
// password.
absl::StatusOr<std::unique_ptr<store::SqlDatabase>> OpenPostgres(PostgresOptions options);

}  // namespace starling::sql_postgres

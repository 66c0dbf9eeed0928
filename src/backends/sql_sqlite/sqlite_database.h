// SQL in one file, by SQLite (https://www.sqlite.org).
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/store/sql.h"

namespace starling::sql_sqlite {

struct SqliteOptions {
  std::string path;     // its folder exists
  std::string setting;  // names what would let several programs share the data, for the refusal below
  size_t read_threads = 2;
  size_t max_queue = 1024;
};

// Journal in WAL mode, synchronous=FULL: what Write() has acknowledged survives kill -9 and power loss. One thread writes, others
// read beside it. FAILED_PRECONDITION, one sentence for the operator, if another process has the file open: a lock on `path`-lock
// is held while this lives, and goes with the process however that ends.
absl::StatusOr<std::unique_ptr<store::SqlDatabase>> OpenSqlite(SqliteOptions options);

}  // namespace starling::sql_sqlite

#include "core/store/sql_threads.h"

#include "base/status.h"

namespace starling::store {

async::Task<absl::Status> SqlThreads::Run(std::function<absl::Status()> work) {
  auto result = co_await pool_.Run(std::move(work));
  if (!result.ok()) {
    co_return WithRetryAfter(Unavailable("The database has too much to do."), std::chrono::seconds(1));
  }
  co_return *std::move(result);
}

}  // namespace starling::store

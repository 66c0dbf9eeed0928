// The threads of a database and the connections that they share: the same for every product.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/async/pool.h"
#include "core/store/sql.h"

namespace starling::store {

// Runs blocking work on `threads` threads; at most `max_queue` pieces wait, one more is UNAVAILABLE.
class SqlThreads {
 public:
  SqlThreads(std::string name, size_t threads, size_t max_queue)
      : pool_(std::move(name), threads, max_queue) {}

  async::Task<absl::Status> Run(std::function<absl::Status()> work);

 private:
  async::Pool pool_;
};

// Connections that are not in use. Thread-safe.
template <typename Connection>
class IdleConnections {
 public:
  std::unique_ptr<Connection> Take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    auto taken = std::move(idle_.back());
    idle_.pop_back();
    return taken;
  }
  void GiveBack(std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace starling::store

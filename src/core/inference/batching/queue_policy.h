// Who may wait for an instance of a model, for how long, and whose turn comes first.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace starling::inference {

struct QueuePolicy {
  size_t max_queue = 1024;  // rows that may wait; one request alone may bring more
  // A request of which no row was taken for so long is refused; 0: it waits until its deadline.
  std::chrono::microseconds timeout{0};
  bool allow_timeout_override = false;  // a request may say a shorter time-out

  std::chrono::microseconds TimeoutFor(std::chrono::microseconds asked) const {
    if (!allow_timeout_override || asked.count() == 0) return timeout;
    return timeout.count() == 0 ? asked : std::min(timeout, asked);
  }
};

// What a request says of its turn.
struct QueueTerms {
  size_t priority = 0;                   // 1: the highest; 0: the model's default
  std::chrono::microseconds timeout{0};  // used where the policy allows it; 0: the policy's
};

struct QueueOptions {
  static constexpr size_t kMostLevels = 100;

  QueuePolicy policy;               // of every request, if there are no priorities
  std::vector<QueuePolicy> levels;  // of priority 1, 2...; empty: priorities mean nothing
  size_t default_priority = 0;      // of requests that name none, or one that there is not
  // An instance that is free waits so long, counted from the request that waited longest, for the least of the preferred
  // sizes (without any, for a full run); 0: it never waits.
  std::chrono::microseconds max_delay{0};
  std::vector<size_t> preferred_sizes;

  // Position of a request's level, 0 the highest.
  size_t LevelOf(size_t priority) const {
    if (levels.empty()) return 0;
    return (priority == 0 || priority > levels.size() ? default_priority : priority) - 1;
  }
  const QueuePolicy& PolicyOf(size_t level) const { return levels.empty() ? policy : levels[level]; }
};

}  // namespace starling::inference

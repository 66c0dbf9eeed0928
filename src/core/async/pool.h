// Pool: threads for what would block a loop (files, databases, long computation).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "base/status.h"
#include "core/async/completion.h"
#include "core/async/task.h"

namespace starling::async {

// Thread-safe. The destructor finishes what is queued, then joins.
class Pool {
 public:
  // At most `max_queue` pieces of work wait; `name` (at most 15 characters) names the threads.
  Pool(std::string name, size_t threads, size_t max_queue);
  ~Pool();
  Pool(const Pool&) = delete;

  // False if the queue is full: `work` is dropped.
  [[nodiscard]] bool TryRun(absl::AnyInvocable<void()> work);

  // Runs `function` on the pool and goes on on the caller's loop with its result; RESOURCE_EXHAUSTED if the queue is
  // full. `function` must not throw.
  template <typename F, typename R = std::invoke_result_t<F>>
  Task<absl::StatusOr<R>> Run(F function) {
    Completion<R> done;
    const auto completer = done.completer();
    auto work = [completer, function = std::move(function)]() mutable { completer.Set(function()); };
    if (!TryRun(std::move(work))) co_return ResourceExhausted("The queue of pool ", name_, " is full.");
    co_return co_await done;
  }

  size_t queued() const;

 private:
  struct Impl;
  std::string name_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace starling::async

// The hand-over between a coroutine that waits and the one that finishes what it waits for.
#pragma once

#include <atomic>
#include <coroutine>
#include <utility>

namespace starling::async::internal {

class Handoff;
// The innermost work that is being started on this thread right now.
inline constinit thread_local Handoff* starting = nullptr;

// Two parties meet exactly once per Start(): the waiter, after it has started the work, and the work, when it is
// done. Whoever comes second goes on with the waiter. This instead of plain symmetric transfer, because compilers
// make no tail call of that without optimisation or under sanitizers, and then a loop over work that completes at
// once grows the stack without bound.
class Handoff {
 public:
  // By the waiter: runs `work` for as long as it does not wait itself. True if the waiter must stay suspended, false if the work is
  // done already.
  bool Start(std::coroutine_handle<> waiter, std::coroutine_handle<> work) {
    waiter_ = waiter;
    met_.store(false, std::memory_order_relaxed);
    Handoff* const outer = std::exchange(starting, this);
    work.resume();
    starting = outer;
    return !met_.load(std::memory_order_acquire) && !met_.exchange(true, std::memory_order_acq_rel);
  }
  // By the work: what to resume now.
  std::coroutine_handle<> Finish() {
    // Most work is done before it ever waits: then the waiter is below us on the stack, and nobody else is there to meet.
    if (starting == this) {
      met_.store(true, std::memory_order_release);
      return std::noop_coroutine();
    }
    if (met_.exchange(true, std::memory_order_acq_rel)) return waiter_;
    return std::noop_coroutine();
  }

 private:
  std::coroutine_handle<> waiter_;
  std::atomic<bool> met_{false};
};

}  // namespace starling::async::internal

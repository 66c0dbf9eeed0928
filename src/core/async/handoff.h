// The hand-over between a coroutine that waits and the one that finishes what it waits for.
#pragma once

#include <atomic>
#include <coroutine>

namespace starling::async::internal {

// Two parties meet exactly once per Reset(): the waiter, after it has started the work, and the work, when it is
// done. Whoever comes second goes on with the waiter. This instead of plain symmetric transfer, because compilers
// make no tail call of that without optimisation or under sanitizers, and then a loop over work that completes at
// once grows the stack without bound.
class Handoff {
 public:
  void Reset(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    met_.store(false, std::memory_order_relaxed);
  }
  // By the waiter: true if it must stay suspended, false if the work is done already.
  bool Wait() { return !met_.exchange(true, std::memory_order_acq_rel); }
  // By the work: what to resume now.
  std::coroutine_handle<> Finish() {
    if (met_.exchange(true, std::memory_order_acq_rel)) return waiter_;
    return std::noop_coroutine();
  }

 private:
  std::coroutine_handle<> waiter_;
  std::atomic<bool> met_{false};
};

}  // namespace starling::async::internal

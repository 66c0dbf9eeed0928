// What one loop waits with: epoll, the watches in it, and a way to wake it. Internal to core/async.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "absl/functional/any_invocable.h"

namespace starling::async {

class Poller;

// What a Watch has in the poller of its loop.
struct WatchState {
  Poller* poller = nullptr;  // null: never added, or the loop is gone
  int fd = -1;
  unsigned armed = 0;  // what the kernel reports; 0: it does not know the descriptor
  bool removed = false;
  absl::AnyInvocable<void()> on_readable, on_writable;
};

// One thread at a time, but for Wake().
class Poller {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Poller();
  ~Poller();
  Poller(const Poller&) = delete;

  // Forgets who still waits and drops what that holds, which may own watches. What is left of the watches does nothing any more.
  void DropWaiting();

  // Waits for events until `limit` (none: for ever; one that has passed: not at all), says when the wait was over, and runs who
  // waited for them.
  void Poll(std::optional<Time> limit, Time* woken);
  // Any thread: ends the Poll() that waits, or else the next one.
  void Wake() const;

  void Add(WatchState& state);
  // Has `event` (EPOLLIN or EPOLLOUT) reported from now on. False if the kernel has no memory for that.
  bool Arm(WatchState& state, unsigned event);
  // Events at hand that speak of it are passed over. Who waited is dropped by the next DropRemoved(), not in here: it may own the
  // caller.
  void Remove(std::unique_ptr<WatchState> state);
  // Between two Poll().
  void DropRemoved();

 private:
  int Wait(void* events, std::optional<Time> limit);
  void Dispatch(WatchState& state, unsigned events);
  bool Control(WatchState& state, unsigned armed);

  const int epoll_, wake_;
  bool exact_ = true;  // the kernel takes time-outs in nanoseconds
  std::unordered_set<WatchState*> states_;
  std::vector<std::unique_ptr<WatchState>> removed_;
};

}  // namespace starling::async

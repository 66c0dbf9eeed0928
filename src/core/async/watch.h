// Watch: a socket, pipe or pidfd on a loop, and who waits for it to be readable or writable.
#pragma once

#include <memory>

#include "absl/functional/any_invocable.h"
#include "core/async/loop.h"

namespace starling::async {

struct WatchState;

// Owns a file descriptor that can be polled. Loop thread only, but for the constructor.
//
// The kernel is told once what to report and goes on reporting it, so waiting again and again costs no system call. An event that
// nobody waits for when it comes is not reported any more until somebody does.
class Watch {
 public:
  Watch(Loop& loop, int fd);
  // As Close().
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // `then` runs once, never inside the call, as soon as a read (a write) would not block: also when it would fail or find the end.
  // One waits for each at a time: a second takes its place. It may close and destroy this.
  void WhenReadable(absl::AnyInvocable<void()> then);
  void WhenWritable(absl::AnyInvocable<void()> then);

  // Forgets who waits, and closes the descriptor. May be called again.
  void Close();
  // Forgets who waits, and leaves the descriptor, open, to the caller.
  [[nodiscard]] int Release();

 private:
  void When(unsigned event, absl::AnyInvocable<void()> then);

  Loop& loop_;
  int fd_;                             // -1 once closed or released
  std::unique_ptr<WatchState> state_;  // null until somebody waits
};

}  // namespace starling::async

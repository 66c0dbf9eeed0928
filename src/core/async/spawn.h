// Starting coroutines from plain code, and groups of them.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "core/async/completion.h"
#include "core/async/loop.h"
#include "core/async/task.h"

namespace starling::async {

// Runs `task` on `loop` to its end; nobody waits for it. Any thread. What it uses must be owned by it. An exception
// out of it ends the process: there is nobody to hand it to.
void Spawn(Loop& loop, Task<void> task);

// Tasks that run beside their owner on its loop and are joined before it goes on. Loop thread only.
// Join() must have been awaited before the group is destroyed, if anything was started.
class TaskGroup {
 public:
  TaskGroup();
  void Start(Task<void> task);
  // Waits until everything started so far, and what those started here, has ended. Once.
  Task<void> Join();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

namespace internal {
template <typename T>
Task<void> StoreResult(Task<T> task, std::optional<T>* result, Loop* loop) {
  result->emplace(co_await std::move(task));
  loop->Stop();
}
inline Task<void> StopAfter(Task<void> task, Loop* loop) {
  co_await std::move(task);
  loop->Stop();
}
}  // namespace internal

// Runs `task` on `loop` on this thread until it is done: for main and for tests. Not from a coroutine.
template <typename T>
T BlockOn(Loop& loop, Task<T> task) {
  if constexpr (std::is_void_v<T>) {
    Spawn(loop, internal::StopAfter(std::move(task), &loop));
    loop.Run();
  } else {
    std::optional<T> result;
    Spawn(loop, internal::StoreResult(std::move(task), &result, &loop));
    loop.Run();
    return *std::move(result);
  }
}
template <typename T>
T BlockOn(Task<T> task) {
  Loop loop;
  return BlockOn(loop, std::move(task));
}

}  // namespace starling::async

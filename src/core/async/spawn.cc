#include "core/async/spawn.h"

#include <exception>
#include <utility>

namespace starling::async {
namespace {

// A coroutine that owns itself.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Detached RunDetached(Task<void> task) { co_await std::move(task); }

}  // namespace

void Spawn(Loop& loop, Task<void> task) {
  loop.Post([task = std::move(task)]() mutable { RunDetached(std::move(task)); });
}

struct TaskGroup::State {
  size_t running = 0;
  bool joining = false;
  Completion<bool> done;

  void Ended() {
    if (--running == 0 && joining) done.completer().Set(true);
  }
};

namespace {
template <typename State>
Detached RunInGroup(Task<void> task, std::shared_ptr<State> state) {
  co_await std::move(task);
  state->Ended();
}
}  // namespace

TaskGroup::TaskGroup() : state_(std::make_shared<State>()) {}

void TaskGroup::Start(Task<void> task) {
  ++state_->running;
  RunInGroup(std::move(task), state_);
}

Task<void> TaskGroup::Join() {
  const auto state = state_;
  if (state->running == 0) co_return;
  state->joining = true;
  co_await state->done;
}

}  // namespace starling::async

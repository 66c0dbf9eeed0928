// Task<T>: a lazy coroutine with one result.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "core/async/frame_memory.h"
#include "core/async/handoff.h"

namespace starling::async {

template <typename T>
class Task;

namespace internal {

class TaskPromiseBase : public InFrameMemory {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }
  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
      return self.promise().handoff.Finish();
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() { exception = std::current_exception(); }

  Handoff handoff;
  std::exception_ptr exception;
};

template <typename T>
class TaskPromise : public TaskPromiseBase {
 public:
  Task<T> get_return_object();
  template <typename U>
  void return_value(U&& value) {
    result.emplace(std::forward<U>(value));
  }
  T Take() {
    if (exception) std::rethrow_exception(exception);
    return *std::move(result);
  }
  std::optional<T> result;
};

template <>
class TaskPromise<void> : public TaskPromiseBase {
 public:
  Task<void> get_return_object();
  void return_void() {}
  void Take() {
    if (exception) std::rethrow_exception(exception);
  }
};

}  // namespace internal

// Starts when awaited, once; the awaiting coroutine owns it and goes on, on whatever thread the task ended, when it
// is done. A task that awaits only what hops back to its own loop therefore stays on its loop. Arguments that a task
// takes by reference must live until it is done: await it at once, or not at all. Destroying a task that was never
// awaited is free; destroying one that is under way is not allowed.
template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::TaskPromise<T>;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  struct Awaiter {
    std::coroutine_handle<promise_type> handle;
    bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiter) {
      return handle.promise().handoff.Start(waiter, handle);
    }
    T await_resume() { return handle.promise().Take(); }
  };
  Awaiter operator co_await() && { return Awaiter{handle_}; }

 private:
  friend class internal::TaskPromise<T>;
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

namespace internal {
template <typename T>
Task<T> TaskPromise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}
}  // namespace internal

}  // namespace starling::async

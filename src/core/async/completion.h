// One value that another thread, a callback or a later event delivers to a waiting coroutine.
#pragma once

#include <coroutine>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "core/async/loop.h"

namespace starling::async {

template <typename T>
class Completion;

// The giving end: any thread, any number of copies; the first value counts, later ones are dropped. The waiter goes
// on on its own loop, one hop away; without a loop (a test's plain thread) it goes on right here.
template <typename T>
class Completer {
 public:
  void Set(T value) const {
    std::unique_lock lock(state_->mutex);
    if (state_->set) return;
    state_->set = true;
    state_->value.emplace(std::move(value));
    const auto waiter = std::exchange(state_->waiter, nullptr);
    if (!waiter) return;
    Loop* loop = state_->loop;
    lock.unlock();
    if (loop != nullptr) {
      loop->Post([waiter, keep = state_] { waiter.resume(); });
    } else {
      waiter.resume();
    }
  }

 private:
  friend class Completion<T>;
  struct State {
    std::mutex mutex;
    bool set = false;
    std::optional<T> value;
    std::coroutine_handle<> waiter;
    Loop* loop = nullptr;
  };
  explicit Completer(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// The waiting end: `co_await completion` once, from the coroutine that owns it. The owner must wait for the value: a
// coroutine that is suspended here must not be destroyed.
template <typename T>
class Completion {
 public:
  Completion() : state_(std::make_shared<typename Completer<T>::State>()) {}
  Completer<T> completer() const { return Completer<T>(state_); }

  bool await_ready() {
    std::lock_guard lock(state_->mutex);
    return state_->value.has_value();
  }
  bool await_suspend(std::coroutine_handle<> self) {
    std::lock_guard lock(state_->mutex);
    if (state_->value.has_value()) return false;
    state_->waiter = self;
    state_->loop = Loop::Current();
    return true;
  }
  T await_resume() { return *std::move(state_->value); }

 private:
  std::shared_ptr<typename Completer<T>::State> state_;
};

}  // namespace starling::async

// Channel<T>: a bounded queue between writers on any thread and one reading coroutine.
#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/async/completion.h"
#include "core/async/stream.h"
#include "core/async/task.h"
#include "core/context/cancel.h"

namespace starling::async {

// Copies share the queue. Writers: TryPush never waits, Push waits while the queue is full. Close() ends it: the
// reader gets what is queued, then the end with the status given. Cancelling the token given to Pop or Push makes
// that call return the reason.
template <typename T>
class Channel {
 public:
  explicit Channel(size_t capacity) : state_(std::make_shared<State>()) { state_->capacity = capacity; }

  // False if full or closed: `value` is dropped.
  bool TryPush(T value) const {
    std::unique_lock lock(state_->mutex);
    if (state_->closed || state_->queue.size() >= state_->capacity) return false;
    state_->queue.push_back(std::move(value));
    Wake(&state_->reader, std::move(lock));
    return true;
  }

  // False if closed.
  Task<absl::StatusOr<bool>> Push(T value, CancelToken cancel = CancelToken()) const {
    const auto state = state_;
    while (true) {
      std::unique_lock lock(state->mutex);
      if (state->closed) co_return false;
      if (state->queue.size() < state->capacity) {
        state->queue.push_back(std::move(value));
        Wake(&state->reader, std::move(lock));
        co_return true;
      }
      Completion<bool> room;
      state->writers.push_back(room.completer());
      lock.unlock();
      const auto completer = room.completer();
      const auto registration = cancel.OnCancel([completer](const absl::Status&) { completer.Set(false); });
      co_await room;
      if (cancel.cancelled()) co_return cancel.status();
    }
  }

  // The next item, or nullopt at a good end.
  Task<absl::StatusOr<std::optional<T>>> Pop(CancelToken cancel = CancelToken()) const {
    const auto state = state_;
    while (true) {
      std::unique_lock lock(state->mutex);
      if (!state->queue.empty()) {
        std::optional<T> item(std::move(state->queue.front()));
        state->queue.pop_front();
        WakeWriter(*state, std::move(lock));
        co_return item;
      }
      if (state->closed) {
        if (!state->status.ok()) co_return state->status;
        co_return std::optional<T>();
      }
      Completion<bool> item_ready;
      state->reader = item_ready.completer();
      lock.unlock();
      const auto completer = item_ready.completer();
      const auto registration = cancel.OnCancel([completer](const absl::Status&) { completer.Set(false); });
      co_await item_ready;
      if (cancel.cancelled()) co_return cancel.status();
    }
  }

  void Close(absl::Status status = absl::OkStatus()) const {
    std::unique_lock lock(state_->mutex);
    if (state_->closed) return;
    state_->closed = true;
    state_->status = std::move(status);
    auto writers = std::exchange(state_->writers, {});
    Wake(&state_->reader, std::move(lock));
    for (auto& writer : writers) writer.Set(false);
  }

  // The reading end as a stream. Dropping the stream closes the channel.
  static Stream<T> Read(Channel channel, CancelToken cancel = CancelToken()) {
    struct Closer {
      Channel channel;
      ~Closer() { channel.Close(); }
    } closer{channel};
    while (true) {
      auto item = co_await channel.Pop(cancel);
      if (!item.ok()) co_return item.status();
      if (!item->has_value()) co_return absl::OkStatus();
      co_yield **std::move(item);
    }
  }

 private:
  struct State {
    std::mutex mutex;
    size_t capacity = 0;
    std::deque<T> queue;
    std::optional<Completer<bool>> reader;
    std::deque<Completer<bool>> writers;
    bool closed = false;
    absl::Status status;
  };

  static void Wake(std::optional<Completer<bool>>* who, std::unique_lock<std::mutex> lock) {
    auto waiting = std::exchange(*who, std::nullopt);
    lock.unlock();
    if (waiting.has_value()) waiting->Set(true);
  }
  static void WakeWriter(State& state, std::unique_lock<std::mutex> lock) {
    // All of them: one that gave up meanwhile must not swallow the wake-up.
    auto writers = std::exchange(state.writers, {});
    lock.unlock();
    for (auto& writer : writers) writer.Set(true);
  }

  std::shared_ptr<State> state_;
};

}  // namespace starling::async

// Stream<T>: an asynchronous sequence that the reader pulls.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/async/handoff.h"

namespace starling::async {

// The writer is a coroutine that returns Stream<T>: `co_yield value;` for each item, `co_return status;` at the end.
// The reader: `auto item = co_await stream.Next();` gives an item, nullopt after a good end, or the error it ended
// with (and the same again on every later call). The writer runs only while a Next() is under way, so a slow reader
// holds at most one item, and pauses its own stream only.
//
// One reader at a time. Destroying a stream between two calls of Next() ends the writer where it stands (its locals
// are destroyed); destroying it during a call is not allowed: cancel the request's context, wait for Next(), then
// drop it. Parameters of the writer must be values or outlive the stream.
template <typename T>
class [[nodiscard]] Stream {
 public:
  using Item = absl::StatusOr<std::optional<T>>;

  class promise_type {
   public:
    Stream get_return_object() { return Stream(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct HandBack {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        return self.promise().handoff_.Finish();
      }
      void await_resume() noexcept {}
    };
    HandBack final_suspend() noexcept {
      finished_ = true;
      return {};
    }
    HandBack yield_value(T value) {
      value_.emplace(std::move(value));
      return {};
    }
    void return_value(absl::Status status) { status_ = std::move(status); }
    void unhandled_exception() { exception_ = std::current_exception(); }

   private:
    friend class Stream;
    internal::Handoff handoff_;
    std::optional<T> value_;
    absl::Status status_;
    std::exception_ptr exception_;
    bool finished_ = false;
  };

  // A stream that is at its end.
  Stream() = default;
  Stream(Stream&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Stream& operator=(Stream&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Stream() {
    if (handle_) handle_.destroy();
  }

  class NextAwaiter {
   public:
    explicit NextAwaiter(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    bool await_ready() noexcept { return !handle_ || handle_.promise().finished_; }
    bool await_suspend(std::coroutine_handle<> reader) {
      return handle_.promise().handoff_.Start(reader, handle_);
    }
    Item await_resume() {
      if (!handle_) return std::optional<T>();
      auto& promise = handle_.promise();
      if (promise.exception_) std::rethrow_exception(promise.exception_);
      if (!promise.finished_) return std::exchange(promise.value_, std::nullopt);
      if (!promise.status_.ok()) return promise.status_;
      return std::optional<T>();
    }

   private:
    std::coroutine_handle<promise_type> handle_;
  };
  NextAwaiter Next() { return NextAwaiter(handle_); }

 private:
  explicit Stream(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

// A stream of one item, and one that ends at once with `status`.
template <typename T>
Stream<T> StreamOf(T value) {
  co_yield std::move(value);
  co_return absl::OkStatus();
}
template <typename T>
Stream<T> FailedStream(absl::Status status) {
  co_return status;
}

}  // namespace starling::async

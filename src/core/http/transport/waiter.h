// Where one coroutine waits for its session. Internal to core/http.
#pragma once

#include <coroutine>
#include <utility>

namespace starling::http {

// Loop thread only: `co_await waiter` until Resume(), which goes on with the coroutine at once.
class Waiter {
 public:
  bool waiting() const { return handle_ != nullptr; }
  void Resume() {
    if (const auto handle = std::exchange(handle_, nullptr)) handle.resume();
  }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) noexcept { handle_ = self; }
  void await_resume() const noexcept {}

 private:
  std::coroutine_handle<> handle_;
};

}  // namespace starling::http

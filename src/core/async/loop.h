// Loop: one thread's event loop (Asio underneath).
#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"

namespace starling::async {

class Loop;

// A timer that is pending until it fires or is destroyed. Loop thread only.
class Timer {
 public:
  Timer() = default;
  Timer(Timer&&) noexcept;
  Timer& operator=(Timer&&) noexcept;
  ~Timer();
  void Cancel();

 private:
  friend class Loop;
  struct State;
  std::shared_ptr<State> state_;
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;

  // Runs on the calling thread until Stop(). May be called again afterwards.
  void Run();
  // Any thread. Work posted before is still done.
  void Stop();

  // Any thread: runs `work` on this loop, after what is posted already. Never runs it inside the call. The work may end the loop's life: its
  // destructor waits for calls that are under way.
  void Post(absl::AnyInvocable<void()> work);
  // Loop thread only. `work` runs unless the timer is destroyed first.
  [[nodiscard]] Timer After(std::chrono::nanoseconds delay, absl::AnyInvocable<void()> work);

  // The loop that runs on this thread, or null.
  static Loop* Current();

  // `co_await loop.Resume()`: goes on on this loop (always through its queue).
  auto Resume() {
    struct Awaiter {
      Loop* loop;
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<> self) {
        loop->Post([self] { self.resume(); });
      }
      void await_resume() noexcept {}
    };
    return Awaiter{this};
  }

  // The boost::asio::io_context, for core/http and other owners of sockets: see async/asio.h.
  void* native();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A fixed number of loops, each on its own thread from construction to destruction.
class LoopGroup {
 public:
  explicit LoopGroup(size_t count);
  ~LoopGroup();  // stops and joins
  size_t size() const { return loops_.size(); }
  Loop& at(size_t index) { return *loops_[index]; }

 private:
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::thread> threads_;
};

// Cores that this process may use: the smaller of the affinity mask and the cgroup's CPU quota, at least 1.
size_t AvailableCores();

}  // namespace starling::async

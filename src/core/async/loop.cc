#include "core/async/loop.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fstream>
#include <string>
#include <utility>

namespace starling::async {
namespace {

thread_local Loop* current_loop = nullptr;

}  // namespace

struct Loop::Impl {
  // One thread runs it, others may post.
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  // Other threads inside Post. Asio wakes the loop after it let go of its lock, when the posted work may already have run and its loop be
  // on its way out.
  std::atomic<int> posting{0};
};

struct Timer::State {
  State(boost::asio::io_context& context, absl::AnyInvocable<void()> w)
      : timer(context), work(std::move(w)) {}
  boost::asio::steady_timer timer;
  absl::AnyInvocable<void()> work;
};

Timer::Timer(Timer&&) noexcept = default;

Timer& Timer::operator=(Timer&& other) noexcept {
  if (this != &other) {
    Cancel();
    state_ = std::move(other.state_);
  }
  return *this;
}

Timer::~Timer() { Cancel(); }

void Timer::Cancel() {
  if (state_ == nullptr) return;
  state_->work = nullptr;
  state_->timer.cancel();
  state_.reset();
}

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() {
  while (impl_->posting.load(std::memory_order_acquire) != 0) std::this_thread::yield();
}

void Loop::Run() {
  Loop* outer = std::exchange(current_loop, this);
  impl_->context.restart();
  impl_->context.run();
  current_loop = outer;
}

void Loop::Stop() {
  Post([this] { impl_->context.stop(); });
}

void Loop::Post(absl::AnyInvocable<void()> work) {
  if (current_loop == this) {
    boost::asio::post(impl_->context, std::move(work));
    return;
  }
  impl_->posting.fetch_add(1, std::memory_order_relaxed);
  boost::asio::post(impl_->context, std::move(work));
  impl_->posting.fetch_sub(1, std::memory_order_release);
}

Timer Loop::After(std::chrono::nanoseconds delay, absl::AnyInvocable<void()> work) {
  Timer timer;
  timer.state_ = std::make_shared<Timer::State>(impl_->context, std::move(work));
  timer.state_->timer.expires_after(delay);
  // Weak: a timer that was dropped runs nothing and keeps nothing alive.
  timer.state_->timer.async_wait(
      [weak = std::weak_ptr(timer.state_)](const boost::system::error_code& error) {
        const auto state = weak.lock();
        if (error || state == nullptr || !state->work) return;
        auto due = std::exchange(state->work, nullptr);
        due();
      });
  return timer;
}

Loop* Loop::Current() { return current_loop; }

void* Loop::native() { return &impl_->context; }

LoopGroup::LoopGroup(size_t count) {
  for (size_t i = 0; i < std::max<size_t>(count, 1); ++i) loops_.push_back(std::make_unique<Loop>());
  for (auto& loop : loops_) threads_.emplace_back([&loop] { loop->Run(); });
}

LoopGroup::~LoopGroup() {
  for (auto& loop : loops_) loop->Stop();
  for (auto& thread : threads_) thread.join();
}

size_t AvailableCores() {
  size_t cores = 1;
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) cores = static_cast<size_t>(CPU_COUNT(&set));
  // cgroup v2: "max 100000" or "150000 100000" (Linux, Documentation/admin-guide/cgroup-v2.rst, cpu.max).
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (file >> quota >> period && quota != "max" && period > 0) {
    const double limit = std::stod(quota) / period;
    cores = std::min(cores, static_cast<size_t>(limit < 1 ? 1 : limit + 0.5));
  }
  return std::max<size_t>(cores, 1);
}

}  // namespace starling::async

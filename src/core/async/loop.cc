#include "core/async/loop.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "core/async/poller.h"
#include "core/async/timer_heap.h"

namespace starling::async {
namespace {

using Work = absl::AnyInvocable<void()>;

thread_local Loop* current_loop = nullptr;

}  // namespace

struct Loop::Impl {
  Poller poller;
  TimerHeap timers;
  std::vector<Work> posted;  // taken over by the loop's thread, in order, from `next` on
  size_t next = 0;
  bool stopped = false;
  TimerHeap::Time turn_began;

  std::mutex mutex;
  std::vector<Work> incoming;  // guarded by it, as what follows
  bool asleep = false;         // nothing was posted when the loop began to wait: who posts must wake it

  // False if there is none.
  bool TakePosted() {
    posted.clear();
    next = 0;
    const std::lock_guard lock(mutex);
    posted.swap(incoming);
    asleep = posted.empty();
    return !posted.empty();
  }

  // What they post themselves is for the next turn.
  void RunPosted() {
    while (next < posted.size() && !stopped) {
      auto work = std::move(posted[next++]);
      work();
    }
  }

  // The end of the wait, as far as timers go.
  std::optional<TimerHeap::Time> Limit() const {
    return timers.empty() ? std::nullopt : std::optional(timers.next());
  }
};

Timer::Timer() = default;
Timer::Timer(Timer&&) noexcept = default;

Timer& Timer::operator=(Timer&& other) noexcept {
  if (this != &other) {
    Cancel();
    entry_ = std::move(other.entry_);
  }
  return *this;
}

Timer::~Timer() { Cancel(); }

void Timer::Cancel() {
  const auto entry = std::exchange(entry_, nullptr);
  if (entry != nullptr && entry->heap != nullptr) entry->heap->Remove(*entry);
}

Loop::Loop() : impl_(std::make_unique<Impl>()) {}

Loop::~Loop() {
  // What is dropped may post more.
  do {
    impl_->poller.DropWaiting();
  } while (impl_->TakePosted());
}

void Loop::Run() {
  Loop* outer = std::exchange(current_loop, this);
  Impl& loop = *impl_;
  loop.stopped = false;
  loop.turn_began = std::chrono::steady_clock::now();
  while (true) {
    loop.RunPosted();
    if (loop.stopped) break;
    loop.poller.DropRemoved();
    const bool more = loop.TakePosted();
    loop.poller.Poll(more ? TimerHeap::Time() : loop.Limit(), &loop.turn_began);
    loop.timers.RunDue(loop.turn_began);
  }
  current_loop = outer;
}

void Loop::Stop() {
  Post([this] { impl_->stopped = true; });
}

void Loop::Post(absl::AnyInvocable<void()> work) {
  bool wake = false;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->incoming.push_back(std::move(work));
    wake = std::exchange(impl_->asleep, false) && current_loop != this;
  }
  if (wake) impl_->poller.Wake();
}

Timer Loop::After(std::chrono::nanoseconds delay, absl::AnyInvocable<void()> work) {
  const auto now = std::chrono::steady_clock::now();
  return At(delay < TimerHeap::Time::max() - now ? now + delay : TimerHeap::Time::max(), std::move(work));
}

Timer Loop::At(std::chrono::steady_clock::time_point due, absl::AnyInvocable<void()> work) {
  Timer timer;
  timer.entry_ = std::make_unique<TimerEntry>();
  timer.entry_->due = due;
  timer.entry_->work = std::move(work);
  impl_->timers.Add(*timer.entry_);
  return timer;
}

std::chrono::steady_clock::time_point Loop::turn_began() const { return impl_->turn_began; }

Loop* Loop::Current() { return current_loop; }

Poller& Loop::poller() { return impl_->poller; }

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

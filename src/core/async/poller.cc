#include "core/async/poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <utility>

namespace starling::async {
namespace {

using std::chrono::nanoseconds;

constexpr int kEventsPerPoll = 128;
constexpr unsigned kFailed = EPOLLERR | EPOLLHUP;  // reported whether asked for or not

// A program whose loops get no descriptors cannot even say so to anybody else.
int Must(int result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::abort();
}

}  // namespace

Poller::Poller()
    : epoll_(Must(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_(Must(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  Must(::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event), "epoll_ctl");
}

Poller::~Poller() {
  DropWaiting();
  ::close(wake_);
  ::close(epoll_);
}

void Poller::DropWaiting() {
  for (DropRemoved(); !states_.empty(); DropRemoved()) {
    WatchState& state = **states_.begin();
    states_.erase(states_.begin());
    state.poller = nullptr;
    const auto readable = std::exchange(state.on_readable, nullptr);
    const auto writable = std::exchange(state.on_writable, nullptr);
  }
}

void Poller::DropRemoved() {
  while (!removed_.empty()) std::exchange(removed_, {}).clear();
}

void Poller::Poll(std::optional<Time> limit, Time* woken) {
  std::array<epoll_event, kEventsPerPoll> events;
  const int ready = Wait(events.data(), limit);
  *woken = std::chrono::steady_clock::now();
  for (int i = 0; i < ready; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.ptr != nullptr) {
      Dispatch(*static_cast<WatchState*>(event.data.ptr), event.events);
    } else {
      uint64_t times;
      (void)!::read(wake_, &times, sizeof(times));
    }
  }
}

int Poller::Wait(void* events, std::optional<Time> limit) {
  auto* const to = static_cast<epoll_event*>(events);
  if (!limit.has_value()) return ::epoll_wait(epoll_, to, kEventsPerPoll, -1);
  const Time now = std::chrono::steady_clock::now();
  if (*limit <= now) return ::epoll_wait(epoll_, to, kEventsPerPoll, 0);
  const nanoseconds left = *limit - now;
  if (exact_) {
    const timespec time{static_cast<time_t>(left.count() / 1000000000),
                        static_cast<long>(left.count() % 1000000000)};
    const int ready = ::epoll_pwait2(epoll_, to, kEventsPerPoll, &time, nullptr);
    if (ready >= 0 || errno == EINTR) return ready;
    exact_ = false;  // Linux before 5.11, or a sandbox that has not heard of it
  }
  const int64_t ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return ::epoll_wait(epoll_, to, kEventsPerPoll,
                      static_cast<int>(std::min<int64_t>(ms, std::numeric_limits<int>::max())));
}

void Poller::Wake() const {
  const uint64_t once = 1;
  (void)!::write(wake_, &once, sizeof(once));
}

void Poller::Add(WatchState& state) {
  state.poller = this;
  states_.insert(&state);
}

bool Poller::Arm(WatchState& state, unsigned event) { return Control(state, state.armed | event); }

void Poller::Remove(std::unique_ptr<WatchState> state) {
  states_.erase(state.get());
  Control(*state, 0);
  state->removed = true;
  removed_.push_back(std::move(state));
}

void Poller::Dispatch(WatchState& state, unsigned events) {
  if (state.removed) return;
  unsigned unwanted = 0;
  const auto hand = [&](unsigned event, absl::AnyInvocable<void()> WatchState::* waiter) {
    if ((events & (event | kFailed)) == 0) return;
    if (!(state.*waiter)) {
      unwanted |= event;
      return;
    }
    auto then = std::exchange(state.*waiter, nullptr);
    then();
  };
  hand(EPOLLIN, &WatchState::on_readable);
  if (state.removed) return;
  hand(EPOLLOUT, &WatchState::on_writable);
  if (state.removed || unwanted == 0) return;
  // A failure is reported for as long as the kernel knows the descriptor.
  const unsigned wanted = state.armed & ~unwanted;
  if (wanted != state.armed) Control(state, wanted);
}

bool Poller::Control(WatchState& state, unsigned armed) {
  epoll_event event{};
  event.events = armed;
  event.data.ptr = &state;
  const int operation = state.armed == 0 ? EPOLL_CTL_ADD : armed == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  if (state.armed == armed) return true;
  if (::epoll_ctl(epoll_, operation, state.fd, &event) != 0) return false;
  state.armed = armed;
  return true;
}

}  // namespace starling::async

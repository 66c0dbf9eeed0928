#include "core/async/watch.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <utility>

#include "core/async/poller.h"

namespace starling::async {

Watch::Watch(Loop& loop, int fd) : loop_(loop), fd_(fd) {}

Watch::~Watch() { Close(); }

void Watch::WhenReadable(absl::AnyInvocable<void()> then) { When(EPOLLIN, std::move(then)); }
void Watch::WhenWritable(absl::AnyInvocable<void()> then) { When(EPOLLOUT, std::move(then)); }

void Watch::Close() {
  const int fd = Release();
  if (fd >= 0) ::close(fd);
}

int Watch::Release() {
  if (state_ != nullptr && state_->poller != nullptr) state_->poller->Remove(std::move(state_));
  state_ = nullptr;
  return std::exchange(fd_, -1);
}

void Watch::When(unsigned event, absl::AnyInvocable<void()> then) {
  if (fd_ < 0) return;
  if (state_ == nullptr) {
    state_ = std::make_unique<WatchState>();
    state_->fd = fd_;
    loop_.poller().Add(*state_);
  }
  if (state_->poller == nullptr) return;
  auto& waiter = event == EPOLLIN ? state_->on_readable : state_->on_writable;
  waiter = std::move(then);
  // Without memory in the kernel for one more watch, whoever waits finds out by trying.
  if ((state_->armed & event) == 0 && !state_->poller->Arm(*state_, event)) {
    loop_.Post(std::exchange(waiter, nullptr));
  }
}

}  // namespace starling::async

#include "core/context/cancel.h"

#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

namespace starling {
namespace cancel_internal {

struct Entry {
  uint64_t id;
  absl::AnyInvocable<void(const absl::Status&)> callback;
};

struct State {
  std::atomic<bool> cancelled{false};
  std::mutex mutex;
  std::condition_variable ran;
  absl::Status reason;
  std::list<Entry> entries;
  uint64_t next_id = 1;
  uint64_t running_id = 0;  // the callback that runs right now, and on which thread
  std::thread::id running_on;
};

}  // namespace cancel_internal

CancelRegistration::CancelRegistration(CancelRegistration&& other) noexcept
    : state_(std::move(other.state_)), id_(std::exchange(other.id_, 0)) {}

CancelRegistration& CancelRegistration::operator=(CancelRegistration&& other) noexcept {
  std::swap(state_, other.state_);
  std::swap(id_, other.id_);
  return *this;
}

CancelRegistration::~CancelRegistration() {
  if (state_ == nullptr) return;
  std::unique_lock lock(state_->mutex);
  for (auto it = state_->entries.begin(); it != state_->entries.end(); ++it) {
    if (it->id == id_) {
      // The callback's own destructor may come back here: let it run without the lock.
      std::list<cancel_internal::Entry> removed;
      removed.splice(removed.end(), state_->entries, it);
      lock.unlock();
      return;
    }
  }
  state_->ran.wait(
      lock, [&] { return state_->running_id != id_ || state_->running_on == std::this_thread::get_id(); });
}

bool CancelToken::cancelled() const {
  return state_ != nullptr && state_->cancelled.load(std::memory_order_acquire);
}

absl::Status CancelToken::status() const {
  if (!cancelled()) return absl::OkStatus();
  std::lock_guard lock(state_->mutex);
  return state_->reason;
}

CancelRegistration CancelToken::OnCancel(absl::AnyInvocable<void(const absl::Status&)> callback) const {
  CancelRegistration registration;
  if (state_ == nullptr) return registration;
  std::unique_lock lock(state_->mutex);
  if (state_->cancelled.load(std::memory_order_relaxed)) {
    const absl::Status reason = state_->reason;
    lock.unlock();
    callback(reason);
    return registration;
  }
  registration.state_ = state_;
  registration.id_ = state_->next_id++;
  state_->entries.push_back({registration.id_, std::move(callback)});
  return registration;
}

CancelSource::CancelSource() : state_(std::make_shared<cancel_internal::State>()) {}

CancelSource::CancelSource(const CancelToken& parent) : CancelSource() {
  // The parent holds the child weakly: a child that is gone costs nothing to cancel.
  parent_ = parent.OnCancel([weak = std::weak_ptr(state_)](const absl::Status& reason) {
    if (auto state = weak.lock()) {
      CancelSource child;
      child.state_ = std::move(state);
      child.Cancel(reason);
    }
  });
}

void CancelSource::Cancel(absl::Status reason) const {
  // Keeps the state alive: a callback may destroy this source.
  const std::shared_ptr<cancel_internal::State> state = state_;
  std::unique_lock lock(state->mutex);
  if (state->cancelled.load(std::memory_order_relaxed)) return;
  state->reason = reason.ok() ? absl::CancelledError("cancelled") : std::move(reason);
  state->cancelled.store(true, std::memory_order_release);
  state->running_on = std::this_thread::get_id();
  while (!state->entries.empty()) {
    std::list<cancel_internal::Entry> current;
    current.splice(current.end(), state->entries, state->entries.begin());
    state->running_id = current.front().id;
    lock.unlock();
    current.front().callback(state->reason);
    current.clear();
    lock.lock();
    state->running_id = 0;
    state->ran.notify_all();
  }
}

}  // namespace starling

#include "services/models/repository/load_retries.h"

#include <algorithm>
#include <utility>

namespace starling::models {

using std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds kFirstDelay{200};
constexpr std::chrono::milliseconds kLongestDelay{5000};

}  // namespace

LoadRetries::LoadRetries(Retry retry) : retry_(std::move(retry)) {}

LoadRetries::~LoadRetries() = default;

void LoadRetries::Later(std::shared_ptr<ModelVersion> version) {
  std::lock_guard lock(mutex_);
  auto& delay = version->retry_delay;
  delay = delay.count() == 0 ? kFirstDelay : std::min(2 * delay, kLongestDelay);
  due_.emplace(steady_clock::now() + delay, std::move(version));
  if (!thread_.joinable()) thread_ = std::jthread([this](const std::stop_token& stop) { Work(stop); });
  changed_.notify_all();
}

void LoadRetries::Work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (due_.empty()) {
      changed_.wait(lock, stop, [this] { return !due_.empty(); });
      continue;
    }
    const auto next = due_.begin()->first;
    if (next > steady_clock::now()) {
      changed_.wait_until(lock, stop, next, [this, next] { return due_.begin()->first < next; });
      continue;
    }
    const auto version = due_.extract(due_.begin()).mapped();
    lock.unlock();
    retry_(version);
    lock.lock();
  }
}

}  // namespace starling::models

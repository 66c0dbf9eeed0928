#include "services/models/repository/model_lanes.h"

#include <limits>

namespace starling::models {

ModelLanes::ModelLanes(size_t threads) : pool_("model-life", threads, std::numeric_limits<size_t>::max()) {}

void ModelLanes::Post(const std::string& model, std::function<void()> work) {
  Add(model, std::move(work), false);
}

bool ModelLanes::PostIfIdle(const std::string& model, std::function<void()> work) {
  return Add(model, std::move(work), true);
}

bool ModelLanes::Add(const std::string& model, std::function<void()> work, bool if_idle) {
  {
    const std::lock_guard lock(mutex_);
    const auto [lane, is_new] = lanes_.try_emplace(model);
    if (if_idle && !is_new) return false;
    lane->second.push_back(std::move(work));
    ++waiting_;
    if (!is_new) return true;
  }
  // While the pool ends it takes nothing any more: then it is done here.
  if (!pool_.TryRun([this, model] { Next(model); })) Next(model);
  return true;
}

void ModelLanes::Next(const std::string& model) {
  while (true) {
    std::function<void()> work;
    {
      const std::lock_guard lock(mutex_);
      auto& lane = lanes_.at(model);
      work = std::move(lane.front());
      lane.pop_front();
      --waiting_;
      ++running_;
    }
    work();
    {
      const std::lock_guard lock(mutex_);
      --running_;
      const auto lane = lanes_.find(model);
      if (lane->second.empty()) {
        lanes_.erase(lane);
        return;
      }
    }
    // Others' turn first.
    if (pool_.TryRun([this, model] { Next(model); })) return;
  }
}

size_t ModelLanes::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

size_t ModelLanes::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

}  // namespace starling::models

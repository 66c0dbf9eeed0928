// LoadRetries: versions whose upstream was not there, tried again until it is.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "core/context/request_context.h"
#include "services/models/repository/model_table.h"

namespace starling::models {

// Each version waits longer after each failure. Thread-safe.
class LoadRetries {
 public:
  using Retry = std::function<void(std::shared_ptr<ModelVersion>)>;
  // `retry` is called on a thread of this, which is started by the first Later(); it must not block.
  explicit LoadRetries(Retry retry);
  ~LoadRetries();
  LoadRetries(const LoadRetries&) = delete;

  void Later(std::shared_ptr<ModelVersion> version);

 private:
  void Work(const std::stop_token& stop);

  const Retry retry_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::multimap<MonotonicTime, std::shared_ptr<ModelVersion>> due_;
  std::jthread thread_;
};

}  // namespace starling::models

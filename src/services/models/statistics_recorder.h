// StatisticsRecorder: counts what one version of a model does.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>

#include "core/inference/batching/batcher.h"
#include "services/models/repository/model_info.h"

namespace starling::models {

// Thread-safe.
class StatisticsRecorder {
 public:
  // A request with `rows` rows that took `total`.
  void AddSuccess(size_t rows, std::chrono::nanoseconds total, const inference::CallTimes& times);
  void AddFailure(std::chrono::nanoseconds total);
  void AddCacheHit(std::chrono::nanoseconds total);
  void AddCacheMiss(std::chrono::nanoseconds time);
  void AddRun(const inference::RunReport& report);

  // All but the names and the memory.
  ModelStatistics Get() const;

 private:
  mutable std::mutex mutex_;
  ModelStatistics sums_;
  std::map<size_t, ModelStatistics::Batch> batches_;  // by rows
};

}  // namespace starling::models

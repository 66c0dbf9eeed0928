#include "services/models/statistics_recorder.h"

namespace starling::models {
namespace {

using std::chrono::nanoseconds;

void Add(TimeSum& sum, nanoseconds time) {
  ++sum.count;
  sum.nanoseconds += static_cast<uint64_t>(time.count());
}

}  // namespace

void StatisticsRecorder::AddSuccess(size_t rows, nanoseconds total, const inference::CallTimes& times) {
  std::lock_guard lock(mutex_);
  sums_.last_inference = std::chrono::system_clock::now();
  sums_.inference_count += rows;
  Add(sums_.success, total);
  Add(sums_.queue, times.queue);
  Add(sums_.compute_input, times.stack);
  Add(sums_.compute_infer, times.compute - times.stack - times.unstack);
  Add(sums_.compute_output, times.unstack);
}

void StatisticsRecorder::AddFailure(nanoseconds total) {
  std::lock_guard lock(mutex_);
  Add(sums_.fail, total);
}

void StatisticsRecorder::AddCacheHit(nanoseconds total) {
  std::lock_guard lock(mutex_);
  Add(sums_.success, total);
  Add(sums_.cache_hit, total);
}

void StatisticsRecorder::AddCacheMiss(nanoseconds time) {
  std::lock_guard lock(mutex_);
  Add(sums_.cache_miss, time);
}

void StatisticsRecorder::AddRun(const inference::RunReport& report) {
  std::lock_guard lock(mutex_);
  ++sums_.execution_count;
  ModelStatistics::Batch& batch = batches_[report.rows];
  batch.rows = report.rows;
  Add(batch.compute_input, report.stack_time);
  Add(batch.compute_infer, report.run_time - report.stack_time - report.unstack_time);
  Add(batch.compute_output, report.unstack_time);
}

ModelStatistics StatisticsRecorder::Get() const {
  std::lock_guard lock(mutex_);
  ModelStatistics statistics = sums_;
  for (const auto& [rows, batch] : batches_) statistics.batches.push_back(batch);
  return statistics;
}

}  // namespace starling::models

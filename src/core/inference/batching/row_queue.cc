#include "core/inference/batching/row_queue.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace starling::inference {

void RowQueue::Push(std::shared_ptr<RowJob> job) {
  waiting_ += job->waiting.size();
  for (const size_t row : job->waiting) waiting_elements_ += job->lengths[row];
  jobs_.push_back(std::move(job));
}

void RowQueue::Forget(const RowJob& job) {
  waiting_ -= job.waiting.size();
  for (const size_t row : job.waiting) waiting_elements_ -= job.lengths[row];
}

bool RowQueue::Remove(const RowJob& job) {
  const auto found =
      std::find_if(jobs_.begin(), jobs_.end(), [&job](const auto& other) { return other.get() == &job; });
  if (found == jobs_.end()) return false;
  Forget(job);
  jobs_.erase(found);
  return true;
}

std::vector<QueuedRow> RowQueue::Next(size_t count, size_t turn, MonotonicTime now,
                                      std::vector<std::shared_ptr<RowJob>>* expired) {
  std::vector<QueuedRow> next;
  for (size_t begin = 0, shown = SIZE_MAX; shown != next.size() && next.size() < count; begin += turn) {
    shown = next.size();
    for (const auto& job : jobs_) {
      if (job->deadline <= now) {
        if (begin == 0) expired->push_back(job);
        continue;
      }
      const size_t end = std::min(begin + turn, job->waiting.size());
      for (size_t i = begin; i < end && next.size() < count; ++i) next.push_back({job, job->waiting[i]});
      if (next.size() == count) break;
    }
  }
  return next;
}

void RowQueue::Take(std::span<const QueuedRow> rows) {
  for (const QueuedRow& taken : rows) {
    std::erase(taken.job->waiting, taken.row);
    --waiting_;
    waiting_elements_ -= taken.length();
  }
  const auto front = jobs_.front();
  std::erase_if(jobs_, [&](const auto& job) { return job == front || job->waiting.empty(); });
  if (!front->waiting.empty()) jobs_.push_back(front);
}

std::vector<std::shared_ptr<RowJob>> RowQueue::TakeAll() {
  waiting_ = 0;
  waiting_elements_ = 0;
  auto jobs = std::exchange(jobs_, {});
  return {std::make_move_iterator(jobs.begin()), std::make_move_iterator(jobs.end())};
}

}  // namespace starling::inference

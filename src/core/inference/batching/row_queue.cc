#include "core/inference/batching/row_queue.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace starling::inference {
namespace {

void Show(const std::deque<std::shared_ptr<RowJob>>& jobs, size_t count, size_t turn, MonotonicTime now,
          std::vector<QueuedRow>* next, std::vector<std::shared_ptr<RowJob>>* expired) {
  for (size_t begin = 0, shown = SIZE_MAX; shown != next->size() && next->size() < count; begin += turn) {
    shown = next->size();
    for (const auto& job : jobs) {
      if (job->TooLate(now)) {
        if (begin == 0) expired->push_back(job);
        continue;
      }
      const size_t end = std::min(begin + turn, job->waiting.size());
      for (size_t i = begin; i < end && next->size() < count; ++i) next->push_back({job, job->waiting[i]});
      if (next->size() == count) break;
    }
  }
}

}  // namespace

MonotonicTime RowQueue::DueAt(std::chrono::microseconds delay) const {
  MonotonicTime due = MonotonicTime::max();
  for (const Level& level : levels_) {
    for (const auto& job : level.jobs) due = std::min(due, job->DueAt(delay));
  }
  return due;
}

void RowQueue::Push(std::shared_ptr<RowJob> job) {
  Level& level = levels_[job->level];
  level.waiting += job->waiting.size();
  waiting_ += job->waiting.size();
  for (const size_t row : job->waiting) waiting_elements_ += job->lengths[row];
  level.jobs.push_back(std::move(job));
}

void RowQueue::Forget(const RowJob& job) {
  levels_[job.level].waiting -= job.waiting.size();
  waiting_ -= job.waiting.size();
  for (const size_t row : job.waiting) waiting_elements_ -= job.lengths[row];
}

bool RowQueue::Remove(const RowJob& job) {
  auto& jobs = levels_[job.level].jobs;
  const auto found =
      std::find_if(jobs.begin(), jobs.end(), [&job](const auto& other) { return other.get() == &job; });
  if (found == jobs.end()) return false;
  Forget(job);
  jobs.erase(found);
  return true;
}

size_t RowQueue::LeadingLevel() const {
  size_t highest = levels_.size();
  for (size_t i = 0; i < levels_.size(); ++i) {
    if (levels_[i].jobs.empty()) continue;
    if (levels_[i].passed >= kMostPassed) return i;
    highest = std::min(highest, i);
  }
  return highest;
}

std::vector<QueuedRow> RowQueue::Next(size_t count, size_t turn, MonotonicTime now,
                                      std::vector<std::shared_ptr<RowJob>>* expired) const {
  std::vector<QueuedRow> next;
  const size_t leading = LeadingLevel();
  if (leading == levels_.size()) return next;
  Show(levels_[leading].jobs, count, turn, now, &next, expired);
  for (size_t i = 0; i < levels_.size() && next.size() < count; ++i) {
    if (i != leading) Show(levels_[i].jobs, count, turn, now, &next, expired);
  }
  return next;
}

void RowQueue::Take(const std::shared_ptr<RowJob>& leader, std::span<const QueuedRow> rows) {
  for (const QueuedRow& taken : rows) {
    std::erase(taken.job->waiting, taken.row);
    --levels_[taken.job->level].waiting;
    --waiting_;
    waiting_elements_ -= taken.length();
  }
  for (Level& level : levels_) {
    std::erase_if(level.jobs, [&](const auto& job) { return job == leader || job->waiting.empty(); });
    level.passed = level.jobs.empty() ? 0 : level.passed + 1;
  }
  Level& led = levels_[leader->level];
  if (!leader->waiting.empty()) led.jobs.push_back(leader);
  led.passed = 0;
}

std::vector<std::shared_ptr<RowJob>> RowQueue::TakeAll() {
  std::vector<std::shared_ptr<RowJob>> all;
  for (Level& level : levels_) {
    std::move(level.jobs.begin(), level.jobs.end(), std::back_inserter(all));
    level = {};
  }
  waiting_ = 0;
  waiting_elements_ = 0;
  return all;
}

}  // namespace starling::inference

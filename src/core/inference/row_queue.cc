#include "core/inference/row_queue.h"

#include <algorithm>
#include <utility>

namespace starling::inference {

void RowQueue::Push(std::shared_ptr<RowJob> job) {
  waiting_ += job->order.size() - job->next;
  for (size_t i = job->next; i < job->order.size(); ++i) waiting_elements_ += job->lengths[job->order[i]];
  jobs_.push_back(std::move(job));
}

void RowQueue::Forget(const RowJob& job) {
  waiting_ -= job.order.size() - job.next;
  for (size_t i = job.next; i < job.order.size(); ++i) waiting_elements_ -= job.lengths[job.order[i]];
}

bool RowQueue::Remove(const RowJob& job) {
  const auto found =
      std::find_if(jobs_.begin(), jobs_.end(), [&job](const auto& other) { return other.get() == &job; });
  if (found == jobs_.end()) return false;
  Forget(job);
  jobs_.erase(found);
  return true;
}

std::vector<TakenRow> RowQueue::Take(const TakeLimits& limits, MonotonicTime now,
                                     std::vector<std::shared_ptr<RowJob>>* expired) {
  const size_t turn = std::max<size_t>(limits.max_rows / 4, 1);
  std::vector<TakenRow> taken;
  size_t elements = 0;
  bool full = false;
  while (!full && !jobs_.empty()) {
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    if (job->deadline <= now) {
      Forget(*job);
      expired->push_back(std::move(job));
      continue;
    }
    for (size_t n = 0; n < turn && job->next < job->order.size() && !full; ++n) {
      const size_t row = job->order[job->next];
      const size_t length = job->lengths[row];
      if (!taken.empty() && elements + length > limits.max_elements) {
        full = true;
        break;
      }
      taken.push_back({job, row});
      elements += length;
      ++job->next;
      --waiting_;
      waiting_elements_ -= length;
      full = taken.size() >= limits.max_rows;
    }
    if (job->next == job->order.size()) continue;
    // A request that gave nothing because its next row is too long for what is left keeps its turn.
    const bool gave = !taken.empty() && taken.back().job == job;
    if (gave) {
      jobs_.push_back(std::move(job));
    } else {
      jobs_.push_front(std::move(job));
    }
  }
  return taken;
}

std::vector<std::shared_ptr<RowJob>> RowQueue::TakeAll() {
  waiting_ = 0;
  waiting_elements_ = 0;
  auto jobs = std::exchange(jobs_, {});
  return {std::make_move_iterator(jobs.begin()), std::make_move_iterator(jobs.end())};
}

}  // namespace starling::inference

// The rows that wait for an instance: by priority, and fair between requests of the same.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "core/context/request_context.h"
#include "core/inference/batching/row_job.h"

namespace starling::inference {

// Not thread-safe: the batcher's lock guards it.
class RowQueue {
 public:
  // Of 1 + kMostPassed takes at least one is led by a lower level, while a request of it waits: nobody starves.
  static constexpr size_t kMostPassed = 15;

  explicit RowQueue(size_t levels = 1) : levels_(levels) {}

  size_t waiting() const { return waiting_; }
  size_t waiting(size_t level) const { return levels_[level].waiting; }
  size_t waiting_elements() const { return waiting_elements_; }
  bool empty() const { return waiting_ == 0; }
  // The earliest RowJob::DueAt; it is not empty.
  MonotonicTime DueAt(std::chrono::microseconds delay) const;

  // `job` has at least one row and is not over.
  void Push(std::shared_ptr<RowJob> job);
  // Takes the waiting rows of `job` out. False if there were none.
  bool Remove(const RowJob& job);
  // The rows whose turn is next, at most `count`, which stay where they are: those of the level whose turn it is first, then
  // those of the others, the highest first. Within a level each request shows at most `turn` rows before the next one shows
  // its own. Requests for which it is too late at `now` show nothing; they go to `expired`.
  std::vector<QueuedRow> Next(size_t count, size_t turn, MonotonicTime now,
                              std::vector<std::shared_ptr<RowJob>>* expired) const;
  // Takes these rows out, which wait; `leader` is the request whose turn it was. It is the last of its level now, if it has
  // more: with n requests before it in its level, a request is served by the level's n+1st turn, however many rows those have.
  void Take(const std::shared_ptr<RowJob>& leader, std::span<const QueuedRow> rows);
  // Empties it.
  std::vector<std::shared_ptr<RowJob>> TakeAll();

 private:
  struct Level {
    std::deque<std::shared_ptr<RowJob>> jobs;  // each has waiting rows; the front has the next turn
    size_t waiting = 0;                        // rows
    size_t passed = 0;                         // takes that others led since it had a turn
  };
  // Whose turn it is, of those in which somebody waits.
  size_t LeadingLevel() const;
  void Forget(const RowJob& job);

  std::vector<Level> levels_;
  size_t waiting_ = 0;
  size_t waiting_elements_ = 0;
};

}  // namespace starling::inference

// The rows that wait for an instance: bounded, fair between requests.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/async/completion.h"
#include "core/context/request_context.h"
#include "core/inference/batching/rows.h"

namespace starling::inference {

struct RunCaller;  // run_caller.h

// The rows of one request on their way through a batcher. Shared by the request's coroutine, the queue and the instances
// that run its rows; `rows`, `lengths`, `deadline` and `context` never change after it was queued.
struct RowJob {
  explicit RowJob(async::Completer<absl::Status> completer) : done(std::move(completer)) {}

  async::Completer<absl::Status> done;
  std::vector<Row> rows;
  std::vector<size_t> lengths;
  MonotonicTime deadline = kNoDeadline;
  RequestContext context;
  MonotonicTime queued_at = MonotonicTime::min();
  // The request's tensors before they were cut into rows, if it came so: what runs if all its rows run together.
  std::vector<Tensor> whole;

  // results[i] is written by the one instance that ran rows[i], and read after `done` said OK.
  std::vector<Row> results;
  // Instead of `results`, if `whole` was run.
  std::vector<Tensor> whole_results;

  // Guarded by the batcher's lock, but for reading `over`.
  std::vector<size_t> waiting;                    // row numbers, by ascending length
  size_t unfinished = 0;                          // rows without a result
  MonotonicTime taken_at = MonotonicTime::min();  // when the first row left the queue
  std::chrono::nanoseconds stack_time{0};         // its rows' share of their runs' times
  std::chrono::nanoseconds unstack_time{0};
  std::atomic<bool> over{false};                 // answered: nothing more needs to run
  std::vector<std::shared_ptr<RunCaller>> runs;  // under way for it, of instances that use a context
};

// One row of a request.
struct QueuedRow {
  std::shared_ptr<RowJob> job;
  size_t row = 0;
  size_t length() const { return job->lengths[row]; }
};

// Not thread-safe: the batcher's lock guards it.
class RowQueue {
 public:
  size_t waiting() const { return waiting_; }
  size_t waiting_elements() const { return waiting_elements_; }
  bool empty() const { return waiting_ == 0; }

  // `job` has at least one row and is not over.
  void Push(std::shared_ptr<RowJob> job);
  // Takes the waiting rows of `job` out. False if there were none.
  bool Remove(const RowJob& job);
  // The rows whose turn is next, at most `count`, which stay where they are: each request shows at most `turn` rows
  // before the next one shows its own. Requests whose deadline is before `now` show nothing; they go to `expired`.
  std::vector<QueuedRow> Next(size_t count, size_t turn, MonotonicTime now,
                              std::vector<std::shared_ptr<RowJob>>* expired);
  // Takes these rows out, which wait. The request whose turn it was is the last one now, if it has more: with n requests
  // before it, a request is served by the n+1st take, however many rows those have.
  void Take(std::span<const QueuedRow> rows);
  // Empties it.
  std::vector<std::shared_ptr<RowJob>> TakeAll();

 private:
  void Forget(const RowJob& job);

  std::deque<std::shared_ptr<RowJob>> jobs_;  // each has waiting rows; the front has the next turn
  size_t waiting_ = 0;
  size_t waiting_elements_ = 0;
};

}  // namespace starling::inference

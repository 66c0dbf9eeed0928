// The rows of one request on their way through a batcher.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/async/completion.h"
#include "core/context/request_context.h"
#include "core/inference/batching/rows.h"

namespace starling::inference {

struct RunCaller;  // run_caller.h

// Shared by the request's coroutine, the queue and the instances that run its rows; `rows`, `lengths`, `level`, `deadline`,
// `give_up_at` and `context` never change after it was queued.
struct RowJob {
  explicit RowJob(async::Completer<absl::Status> completer) : done(std::move(completer)) {}

  async::Completer<absl::Status> done;
  std::vector<Row> rows;
  std::vector<size_t> lengths;
  size_t level = 0;  // whose turn comes first: 0 the highest
  MonotonicTime deadline = kNoDeadline;
  MonotonicTime give_up_at = kNoDeadline;  // unless a row was taken before
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

  // All three under the batcher's lock.
  bool taken() const { return taken_at != MonotonicTime::min(); }
  bool TooLate(MonotonicTime now) const { return deadline <= now || (give_up_at <= now && !taken()); }
  // When it has to run where instances wait up to `delay` for fuller runs: at once if it would end while they wait.
  MonotonicTime DueAt(std::chrono::microseconds delay) const {
    const MonotonicTime due = queued_at + delay;
    return deadline <= due || give_up_at <= due ? queued_at : due;
  }
};

// A job of at least one row, whose lengths are `lengths`; all of them wait.
std::shared_ptr<RowJob> MakeRowJob(std::vector<Row> rows, std::vector<size_t> lengths,
                                   async::Completer<absl::Status> done);

// One row of a request.
struct QueuedRow {
  std::shared_ptr<RowJob> job;
  size_t row = 0;
  size_t length() const { return job->lengths[row]; }
};

}  // namespace starling::inference

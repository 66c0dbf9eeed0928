// The requests that wait for one run of an instance.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "core/context/cancel.h"
#include "core/inference/batching/row_queue.h"
#include "core/inference/runtime.h"

namespace starling::inference {

struct RunCaller {
  size_t jobs = 0;            // that are not over; guarded by the batcher's lock
  CancelSource nobody_waits;  // cancelled when there is none left, without the lock
};

// Runs `tensors`, which are those of `batch`; in the context of its requests if the instance uses one. CANCELLED if all of
// them are over. `lock` is the batcher's, and free.
absl::StatusOr<std::vector<Tensor>> RunFor(Instance& instance, std::span<const QueuedRow> batch,
                                           std::span<const Tensor> tensors, std::mutex& lock);

// `job` is over: the runs for which nobody waits any more. Under the batcher's lock.
std::vector<std::shared_ptr<RunCaller>> LeaveRuns(RowJob& job);

}  // namespace starling::inference

// Which of the rows whose turn is next run together.
#pragma once

#include <span>
#include <vector>

#include "core/inference/batching/row_job.h"
#include "core/inference/batching/run_plan.h"

namespace starling::inference {

// What runs next on an instance.
struct Batch {
  std::vector<QueuedRow> rows;
  RunPlan plan;
};

// How many of the `waiting` rows one of so many instances may take, at most `max_rows`, where `idle` of the others wait for work:
// these get their part. Under `pads`, where runs are long, a busy one finds some left of a short queue when it is done: else it would
// wait until the callers of this run ask again.
size_t ShareOf(size_t waiting, size_t idle, size_t instances, bool pads, size_t max_rows);

// The first of `rows`, of which there is one at least, with those of like length, which are padded to the same.
Batch ChoosePadded(std::span<const QueuedRow> rows, const RunLimits& limits, const RunPlan& previous);
// The first of `rows` with those of the same shapes.
Batch ChooseAlike(std::span<const QueuedRow> rows, const RunLimits& limits);

}  // namespace starling::inference

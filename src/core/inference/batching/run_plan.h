// Which of the waiting rows run together next.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace starling::inference {

struct RunLimits {
  size_t max_rows = 32;       // rows in one run
  size_t max_elements = 256;  // rows times padded length in one run; a longer row runs alone
  // What a run costs beside its elements, counted in elements. Splitting pays where it saves more padding than that.
  size_t run_overhead = 10;
  // Under few_shapes: what it costs more when its shape is not that of the run before it, counted in elements.
  size_t reshape_overhead = 10;
  bool few_shapes = false;  // row counts and lengths are rounded
  size_t max_length = 0;    // what the model can read: rounding does not go past it; 0: no bound
};

// The rows from number `first` run together, padded to `length`.
struct RunPlan {
  size_t first = 0;
  size_t rows = 0;
  size_t length = 0;
};

// What rows of this length are padded to. Under few_shapes one of 16 lengths between each power of two and the next: a
// padded element costs as much as a real one, so the steps are at most a sixteenth of the length.
size_t PaddedLength(size_t length, const RunLimits& limits);

// Under few_shapes 1, 2, 3, 4, 6, 8, 12, 16, 24... rows run together: at most a third more runs than with any count.
bool AllowedRows(size_t rows, const RunLimits& limits);

// The split of rows with these lengths (ascending) that costs least, where a run of n rows padded to L costs
// n * L and the overheads. Covers all rows, in order. O(rows * max_rows) time.
std::vector<RunPlan> PlanRuns(std::span<const size_t> ascending_lengths, const RunLimits& limits);

// The run of that split that has row number `wanted`; or one in the shape of the run before, which is filled with the rows that fit
// into it, where that costs no more for each element that is not padding.
RunPlan PlanRunOf(size_t wanted, std::span<const size_t> ascending_lengths, const RunLimits& limits,
                  const RunPlan& previous);

}  // namespace starling::inference

// How the rows that an instance took are split into runs.
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
  bool few_shapes = false;  // row counts are powers of two, lengths are rounded up
  size_t max_length = 0;    // what the model can read: rounding does not go past it; 0: no bound
};

// The next run takes the first `rows` of the rows, padded to `length`.
struct RunPlan {
  size_t rows = 0;
  size_t length = 0;
};

// What rows of this length are padded to. Under few_shapes one of 16 lengths between each power of two and the next: a
// padded element costs as much as a real one, so the steps are at most a sixteenth of the length.
size_t PaddedLength(size_t length, const RunLimits& limits);

// The split of rows with these lengths (ascending) that costs least, where a run of n rows padded to L costs
// run_overhead + n * L. Covers all rows, in order. O(rows * max_rows) time.
std::vector<RunPlan> PlanRuns(std::span<const size_t> ascending_lengths, const RunLimits& limits);

}  // namespace starling::inference

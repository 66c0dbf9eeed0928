#include "core/inference/batching/run_plan.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

namespace starling::inference {

size_t PaddedLength(size_t length, const RunLimits& limits) {
  if (!limits.few_shapes) return length;
  const size_t step = std::max<size_t>(std::bit_ceil(length) / 32, 1);
  const size_t padded = (length + step - 1) / step * step;
  return limits.max_length == 0 ? padded : std::max(length, std::min(padded, limits.max_length));
}

bool AllowedRows(size_t rows, const RunLimits& limits) {
  return !limits.few_shapes || std::has_single_bit(rows) || (rows % 3 == 0 && std::has_single_bit(rows / 3));
}

std::vector<RunPlan> PlanRuns(std::span<const size_t> ascending_lengths, const RunLimits& limits) {
  const size_t count = ascending_lengths.size();
  const size_t overhead = limits.run_overhead + (limits.few_shapes ? limits.reshape_overhead : 0);
  // cost[i]: the least cost of the first i rows; rows[i]: how many of them the last run takes then.
  std::vector<size_t> cost(count + 1, std::numeric_limits<size_t>::max());
  std::vector<size_t> rows(count + 1, 0);
  cost[0] = 0;
  for (size_t end = 1; end <= count; ++end) {
    const size_t length = PaddedLength(ascending_lengths[end - 1], limits);
    for (size_t n = 1; n <= std::min(end, std::max<size_t>(limits.max_rows, 1)); ++n) {
      if (!AllowedRows(n, limits)) continue;
      if (n > 1 && n * length > limits.max_elements) break;
      const size_t total = cost[end - n] + overhead + n * length;
      if (total > cost[end]) continue;  // of equals the larger run
      cost[end] = total;
      rows[end] = n;
    }
  }
  std::vector<RunPlan> plan;
  for (size_t end = count; end > 0; end -= rows[end]) {
    plan.push_back({end - rows[end], rows[end], PaddedLength(ascending_lengths[end - 1], limits)});
  }
  std::reverse(plan.begin(), plan.end());
  return plan;
}

RunPlan PlanRunOf(size_t wanted, std::span<const size_t> ascending_lengths, const RunLimits& limits,
                  const RunPlan& previous) {
  const std::vector<RunPlan> plan = PlanRuns(ascending_lengths, limits);
  RunPlan run = *std::find_if(plan.begin(), plan.end(), [wanted](const RunPlan& candidate) {
    return wanted < candidate.first + candidate.rows;
  });
  if (!limits.few_shapes || previous.rows == 0 || previous.rows > limits.max_rows) return run;
  // Of the rows that fit into the shape of the run before, the longest that go with the wanted one.
  const auto fitting = static_cast<size_t>(
      std::upper_bound(ascending_lengths.begin(), ascending_lengths.end(), previous.length) -
      ascending_lengths.begin());
  if (wanted >= fitting || previous.rows > fitting) return run;
  const RunPlan same{std::min(wanted, fitting - previous.rows), previous.rows, previous.length};
  const auto elements = [&](const RunPlan& of) {
    const auto first = ascending_lengths.begin() + static_cast<std::ptrdiff_t>(of.first);
    return std::accumulate(first, first + static_cast<std::ptrdiff_t>(of.rows), size_t{0});
  };
  const size_t cost = limits.run_overhead + limits.reshape_overhead + run.rows * run.length;
  const size_t cost_of_same = limits.run_overhead + same.rows * same.length;
  if (cost_of_same * elements(run) <= cost * elements(same)) return same;
  return run;
}

}  // namespace starling::inference

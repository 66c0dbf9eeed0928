#include "core/inference/batching/batch_choice.h"

#include <algorithm>
#include <numeric>

namespace starling::inference {

size_t ShareOf(size_t waiting, size_t idle, size_t instances, bool pads, size_t max_rows) {
  if (idle > 0) return std::min(max_rows, (waiting + idle) / (1 + idle));
  const bool leaves_some = pads && instances > 1 && waiting <= max_rows;
  return std::min(max_rows, leaves_some ? (2 * waiting + 2) / 3 : waiting);
}

Batch ChoosePadded(std::span<const QueuedRow> rows, const RunLimits& limits, const RunPlan& previous) {
  std::vector<size_t> order(rows.size());  // by ascending length, the one whose turn comes earlier first
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&rows](size_t a, size_t b) {
    return rows[a].length() != rows[b].length() ? rows[a].length() < rows[b].length() : a < b;
  });
  std::vector<size_t> lengths;
  lengths.reserve(rows.size());
  for (const size_t row : order) lengths.push_back(rows[row].length());
  const auto first = static_cast<size_t>(std::find(order.begin(), order.end(), 0u) - order.begin());
  Batch batch{{}, PlanRunOf(first, lengths, limits, previous)};
  for (size_t i = batch.plan.first; i < batch.plan.first + batch.plan.rows; ++i)
    batch.rows.push_back(rows[order[i]]);
  return batch;
}

Batch ChooseAlike(std::span<const QueuedRow> rows, const RunLimits& limits) {
  const QueuedRow& first = rows.front();
  const size_t most = std::clamp<size_t>(limits.max_elements / first.length(), 1, limits.max_rows);
  Batch batch;
  for (const QueuedRow& row : rows) {
    if (batch.rows.size() == most) break;
    if (SameShapes(first.job->rows[first.row], row.job->rows[row.row])) batch.rows.push_back(row);
  }
  batch.plan = {0, batch.rows.size(), first.length()};
  return batch;
}

}  // namespace starling::inference

#include "core/observe/instruments.h"

#include <algorithm>

namespace starling::observe {
namespace {

constexpr size_t kCountsPerLine = 64 / sizeof(std::atomic<int64_t>);

// One line more than needed keeps shards apart wherever the array begins.
size_t Stride(size_t buckets) { return (buckets / kCountsPerLine + 2) * kCountsPerLine; }

void AddRelaxed(std::atomic<double>& sum, double value) {
  double old = sum.load(std::memory_order_relaxed);
  while (!sum.compare_exchange_weak(old, old + value, std::memory_order_relaxed)) {
  }
}

}  // namespace

size_t NextShard() {
  static std::atomic<size_t> next{0};
  return next.fetch_add(1, std::memory_order_relaxed) % kShards;
}

int64_t CounterCell::Sum() const {
  int64_t sum = 0;
  for (const IntegerShard& shard : shards) sum += shard.value.load(std::memory_order_relaxed);
  return sum;
}

HistogramCell::HistogramCell(const std::vector<double>& bounds)
    : bounds_(bounds),
      stride_(Stride(bounds.size() + 1)),
      counts_(std::make_unique<std::atomic<int64_t>[]>(stride_ * kShards)),
      slots_(std::make_unique<Slot[]>(bounds.size() + 1)) {}

void HistogramCell::Observe(double value, const TraceContext* trace) {
  const size_t bucket =
      static_cast<size_t>(std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin());
  const size_t shard = ThisShard();
  counts_[shard * stride_ + bucket].fetch_add(1, std::memory_order_relaxed);
  AddRelaxed(sums_[shard].value, value);
  if (trace == nullptr) return;
  Slot& slot = slots_[bucket];
  // Whoever finds the slot busy goes without: one exemplar is as good as another.
  if (slot.busy.test_and_set(std::memory_order_acquire)) return;
  slot.exemplar = {*trace, value};
  slot.busy.clear(std::memory_order_release);
}

HistogramCell::Snapshot HistogramCell::Take() const {
  const size_t buckets = bounds_.size() + 1;
  Snapshot snapshot{.counts = std::vector<int64_t>(buckets), .exemplars = std::vector<Exemplar>(buckets)};
  for (size_t shard = 0; shard < kShards; ++shard) {
    for (size_t i = 0; i < buckets; ++i) {
      snapshot.counts[i] += counts_[shard * stride_ + i].load(std::memory_order_relaxed);
    }
    snapshot.sum += sums_[shard].value.load(std::memory_order_relaxed);
  }
  for (size_t i = 0; i < buckets; ++i) {
    snapshot.count += snapshot.counts[i];
    Slot& slot = slots_[i];
    if (slot.busy.test_and_set(std::memory_order_acquire)) continue;
    snapshot.exemplars[i] = slot.exemplar;
    slot.busy.clear(std::memory_order_release);
  }
  return snapshot;
}

}  // namespace starling::observe

// What code counts with: small handles to one time series each, made once by the registry and kept. Using
// them takes no lock and no memory; any thread. They are valid as long as the registry.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/context/trace_context.h"

namespace starling::observe {

// Threads write to different cache lines as long as there are no more of them than shards.
inline constexpr size_t kShards = 4;
size_t NextShard();
inline size_t ThisShard() {
  thread_local const size_t shard = NextShard();
  return shard;
}

struct alignas(64) IntegerShard {
  std::atomic<int64_t> value{0};
};

struct CounterCell {
  std::array<IntegerShard, kShards> shards;
  int64_t Sum() const;
};

// Only goes up.
class Counter {
 public:
  Counter() = default;  // counts nowhere
  explicit Counter(CounterCell* cell) : cell_(cell) {}
  void Add(uint64_t n = 1) const {
    if (cell_ != nullptr) {
      cell_->shards[ThisShard()].value.fetch_add(static_cast<int64_t>(n), std::memory_order_relaxed);
    }
  }

 private:
  CounterCell* cell_ = nullptr;
};

// Goes up and down by steps: requests in flight, bytes held.
class UpDownCounter {
 public:
  UpDownCounter() = default;
  explicit UpDownCounter(CounterCell* cell) : cell_(cell) {}
  void Add(int64_t n) const {
    if (cell_ != nullptr) cell_->shards[ThisShard()].value.fetch_add(n, std::memory_order_relaxed);
  }

 private:
  CounterCell* cell_ = nullptr;
};

// Counts up while it lives.
class InFlight {
 public:
  explicit InFlight(UpDownCounter counter) : counter_(counter) { counter_.Add(1); }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() { counter_.Add(-1); }

 private:
  const UpDownCounter counter_;
};

struct GaugeCell {
  std::atomic<double> value{0};
};

// The latest value.
class Gauge {
 public:
  Gauge() = default;
  explicit Gauge(GaugeCell* cell) : cell_(cell) {}
  void Set(double value) const {
    if (cell_ != nullptr) cell_->value.store(value, std::memory_order_relaxed);
  }

 private:
  GaugeCell* cell_ = nullptr;
};

// One measured value with the trace that it came from.
struct Exemplar {
  TraceContext trace;
  double value = 0;
};

// Counts per bucket, sharded by thread. A bucket counts the values up to and including its bound.
class HistogramCell {
 public:
  explicit HistogramCell(const std::vector<double>& bounds);

  void Observe(double value, const TraceContext* trace);

  struct Snapshot {
    std::vector<int64_t> counts;      // per bucket, the last one without bound; not cumulative
    std::vector<Exemplar> exemplars;  // per bucket; without a trace if there is none
    double sum = 0;
    int64_t count = 0;
  };
  Snapshot Take() const;
  const std::vector<double>& bounds() const { return bounds_; }

 private:
  struct alignas(64) Sum {
    std::atomic<double> value{0};
  };
  struct Slot {
    mutable std::atomic_flag busy;
    Exemplar exemplar;
  };

  const std::vector<double>& bounds_;  // of the family, which outlives its cells
  const size_t stride_;                // counts of one shard, rounded up to whole cache lines
  const std::unique_ptr<std::atomic<int64_t>[]> counts_;
  std::array<Sum, kShards> sums_;
  const std::unique_ptr<Slot[]> slots_;
};

// The distribution of a measured value.
class Histogram {
 public:
  Histogram() = default;
  explicit Histogram(HistogramCell* cell) : cell_(cell) {}
  void Observe(double value) const {
    if (cell_ != nullptr) cell_->Observe(value, nullptr);
  }
  // Keeps the trace as the bucket's exemplar if it is sampled.
  void Observe(double value, const TraceContext& trace) const {
    if (cell_ != nullptr) cell_->Observe(value, trace.sampled ? &trace : nullptr);
  }

 private:
  HistogramCell* cell_ = nullptr;
};

}  // namespace starling::observe

// What counting and tracing cost on the hot path, in nanoseconds of one thread and of two that share a series.
#include <benchmark/benchmark.h>

#include "core/observe/log.h"
#include "core/observe/registry.h"
#include "core/observe/tracer.h"

namespace starling::observe {
namespace {

Registry& Metrics() {
  static Registry registry;
  return registry;
}

void CounterAdd(benchmark::State& state) {
  static const Counter counter = Metrics().Counters({.name = "calls", .unit = "", .help = "Calls."}).With({});
  for (auto _ : state) counter.Add();
}
BENCHMARK(CounterAdd)->Threads(1)->Threads(2);

void HistogramObserve(benchmark::State& state) {
  static const Histogram histogram =
      Metrics()
          .Histograms({.name = "time", .unit = "s", .help = "Time.", .buckets = kDurationBuckets})
          .With({});
  for (auto _ : state) histogram.Observe(0.003);
}
BENCHMARK(HistogramObserve)->Threads(1)->Threads(2);

void HistogramObserveWithExemplar(benchmark::State& state) {
  static const Histogram histogram =
      Metrics()
          .Histograms({.name = "traced", .unit = "s", .help = "Time.", .buckets = kDurationBuckets})
          .With({});
  const TraceContext trace = TraceContext::NewRoot(true);
  for (auto _ : state) histogram.Observe(0.003, trace);
}
BENCHMARK(HistogramObserveWithExemplar)->Threads(1)->Threads(2);

void SpanNotRecorded(benchmark::State& state) {
  static SpanQueue queue(1 << 16);
  const Tracer tracer({}, &queue);
  const TraceContext parent = TraceContext::NewRoot(false);
  for (auto _ : state) {
    Span span = tracer.Start(parent, "sentiment/AnalyzeSentiment", SpanKind::kServer);
    span.Set("rpc.method", "AnalyzeSentiment");
    benchmark::DoNotOptimize(span);
  }
}
BENCHMARK(SpanNotRecorded);

void SpanRecorded(benchmark::State& state) {
  static SpanQueue queue(1 << 16);
  const Tracer tracer({}, &queue);
  const TraceContext parent = TraceContext::NewRoot(true);
  size_t made = 0;
  for (auto _ : state) {
    {
      Span span = tracer.Start(parent, "sentiment/AnalyzeSentiment", SpanKind::kServer);
      span.Set("rpc.method", "AnalyzeSentiment");
      span.Set("rpc.system", "inline");
      benchmark::DoNotOptimize(span);
    }
    // The exporter's part is not the hot path's.
    if (++made % 4096 == 0 && state.thread_index() == 0) {
      state.PauseTiming();
      queue.TakeAll();
      state.ResumeTiming();
    }
  }
}
BENCHMARK(SpanRecorded)->Threads(1)->Threads(2);

void LogBelowTheLevel(benchmark::State& state) {
  for (auto _ : state) LogDebug("nothing", {{"port", 80}});
}
BENCHMARK(LogBelowTheLevel);

}  // namespace
}  // namespace starling::observe

BENCHMARK_MAIN();

// Counts, traces and logs a little, sends it to the collector named in the first argument, and prints the metrics in the
// format named in the second: text or openmetrics. Its log lines go to standard error.
#include <cmath>
#include <iostream>

#include "base/status.h"
#include "core/observe/exporter.h"
#include "core/observe/logger.h"
#include "core/observe/process_metrics.h"
#include "core/observe/prometheus.h"
#include "core/observe/registry.h"
#include "core/observe/tracer.h"

namespace {

using namespace starling;           // NOLINT(build/namespaces)
using namespace starling::observe;  // NOLINT(build/namespaces)

constexpr std::string_view kHostile = "quote \" backslash \\ line\nfeed \x01 \xff gr\xc3\xbc\xc3\x9f";

void Count(Registry& registry, const TraceContext& trace) {
  CounterFamily& calls = registry.Counters({.name = "rpc.server.calls",
                                            .unit = "{call}",
                                            .help = "Calls \"so far\" \\.",
                                            .labels = {"rpc.method"}});
  calls.With({"Analyze"}).Add(3);
  calls.With({"quote \" backslash \\ line\nfeed"}).Add(1);
  registry.Gauges({.name = "sample.level", .unit = "1", .help = "A level."}).With({}).Set(0.25);
  registry.Gauges({.name = "sample.infinite", .unit = "", .help = "No bound."}).With({}).Set(HUGE_VAL);
  registry.UpDownCounters({.name = "sample.active", .unit = "{call}", .help = "Under way."}).With({}).Add(-2);
  registry.Counters({.name = "sample.unused", .unit = "", .help = "No series yet.", .labels = {"a"}});
  HistogramFamily& durations = registry.Histograms({.name = "rpc.server.call.duration",
                                                    .unit = "s",
                                                    .help = "Time.",
                                                    .labels = {"rpc.method"},
                                                    .buckets = kDurationBuckets});
  for (const double seconds : {0.0000005, 0.003, 0.02, 100.0})
    durations.With({"Analyze"}).Observe(seconds, trace);
}

void Trace(const Tracer& tracer) {
  Span root = tracer.StartRequest(std::nullopt, "POST /analyze-sentiment", SpanKind::kServer);
  root.Set("http.request.method", "POST");
  root.Set("http.response.status_code", 503);
  root.Set("big", int64_t{1} << 60);
  root.Set("share", 0.5);
  root.Set("not a number", std::nan(""));
  root.Set("cached", true);
  root.Set("hostile", kHostile);
  const RequestContext context =
      RequestContext(std::make_shared<RequestOrigin>(RequestOrigin{.request_id = "r-1"}), kNoDeadline, {}, {})
          .WithTrace(root.trace());
  Span child = tracer.Start(context.trace(), "models/Infer", SpanKind::kClient);
  child.SetStatus(Unavailable("not for the collector"));
  LogWarning(context, "model is loading",
             {{"model", "sentiment"}, {"waited", 2}, {"share", 0.25}, {"hostile", kHostile}});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  Registry registry;
  const ProcessMetrics processes(registry);
  {
    Logger logger({.level = Level::kDebug, .format = LogFormat::kJson});
    const ProcessLogger installed(logger);
    Exporter exporter({.endpoint = argv[1], .interval = std::chrono::milliseconds(10)},
                      {{"service.name", "starling"}, {"service.version", "0"}}, registry);
    exporter.Follow(logger);
    const Tracer tracer({}, exporter.spans());
    Trace(tracer);
    LogDebug("outside of requests");
    logger.Flush(std::chrono::seconds(5));
  }
  Count(registry, *TraceContext::FromTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  const bool open = std::string_view(argv[2]) == "openmetrics";
  std::cout << Expose(registry, open ? Exposition::kOpenMetrics : Exposition::kPrometheusText);
  return 0;
}

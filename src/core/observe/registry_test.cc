#include "core/observe/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "core/observe/prometheus.h"

namespace starling::observe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(RegistryTest, CountsFromManyThreads) {
  Registry registry;
  const Counter counter = registry.Counters({.name = "calls", .unit = "{call}", .help = "Calls."}).With({});
  const Histogram histogram =
      registry.Histograms({.name = "time", .unit = "s", .help = "Time.", .buckets = {1, 2}}).With({});
  const TraceContext trace = TraceContext::NewRoot(true);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) {
        counter.Add();
        histogram.Observe(1.5, trace);
      }
    });
  }
  for (int i = 0; i < 20; ++i) registry.Take();
  threads.clear();
  const std::string text = Expose(registry, Exposition::kPrometheusText);
  EXPECT_THAT(text, HasSubstr("calls_total 6000\n"));
  EXPECT_THAT(text, HasSubstr("time_seconds_bucket{le=\"2.0\"} 6000\n"));
  EXPECT_THAT(text, HasSubstr("time_seconds_sum 9000\n"));
}

TEST(RegistryTest, TheSameDeclarationGivesTheSameSeries) {
  Registry registry;
  const MetricInfo info{.name = "calls", .unit = "", .help = "Calls.", .labels = {"rpc.method"}};
  registry.Counters(info).With({"A"}).Add(2);
  registry.Counters(info).With({"A"}).Add(3);
  EXPECT_THAT(Expose(registry, Exposition::kPrometheusText), HasSubstr("calls_total{rpc_method=\"A\"} 5\n"));
}

TEST(RegistryTest, OneThatDoesNotCountKeepsNoSeries) {
  Registry registry(/*counts=*/false);
  registry.Counters({.name = "calls", .unit = "{call}", .help = "Calls."}).With({}).Add();
  registry.Histograms({.name = "time", .unit = "s", .help = "Time.", .buckets = {1, 2}}).With({}).Observe(1);
  const auto up = registry.AddCallback({.name = "up", .unit = "1", .help = "Up."}, MetricType::kGauge,
                                       [](const Report& report) { report({}, 1); });
  const std::string text = Expose(registry, Exposition::kPrometheusText);
  EXPECT_THAT(text, Not(HasSubstr("calls_total 1")));
  EXPECT_THAT(text, Not(HasSubstr("time_seconds_count")));
  EXPECT_THAT(text, HasSubstr("up"));
}

TEST(RegistryDeathTest, AnotherDeclarationEndsTheProgram) {
  Registry registry;
  registry.Counters({.name = "calls", .unit = "", .help = "Calls."});
  EXPECT_DEATH(registry.Gauges({.name = "calls", .unit = "", .help = "Calls."}), "declared twice");
}

TEST(RegistryTest, TooManySeriesShareOne) {
  Registry registry;
  CounterFamily& calls = registry.Counters(
      {.name = "calls", .unit = "", .help = "Calls.", .labels = {"who"}, .buckets = {}, .max_series = 2});
  for (const char* who : {"a", "b", "c", "d"}) calls.With({who}).Add();
  const std::string text = Expose(registry, Exposition::kPrometheusText);
  EXPECT_THAT(text, HasSubstr("calls_total{who=\"a\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("calls_total{otel_metric_overflow=\"true\"} 2\n"));
  EXPECT_THAT(text, Not(HasSubstr("who=\"c\"")));
}

TEST(RegistryTest, ABucketIncludesItsBound) {
  Registry registry;
  const Histogram histogram =
      registry.Histograms({.name = "size", .unit = "By", .help = "Size.", .buckets = {1, 2}}).With({});
  for (const double value : {0.5, 1.0, 2.0, 2.5}) histogram.Observe(value);
  EXPECT_THAT(Expose(registry, Exposition::kPrometheusText), HasSubstr("size_bytes_bucket{le=\"1.0\"} 2\n"
                                                                       "size_bytes_bucket{le=\"2.0\"} 3\n"
                                                                       "size_bytes_bucket{le=\"+Inf\"} 4\n"
                                                                       "size_bytes_sum 6\n"
                                                                       "size_bytes_count 4\n"));
}

TEST(RegistryTest, CallbacksReportWhileRegistered) {
  Registry registry;
  const MetricInfo info{.name = "queue", .unit = "", .help = "Waiting.", .labels = {"pool"}};
  CallbackRegistration a =
      registry.AddCallback(info, MetricType::kGauge, [](const Report& report) { report({"a"}, 1); });
  {
    const CallbackRegistration b =
        registry.AddCallback(info, MetricType::kGauge, [](const Report& report) { report({"b"}, 2); });
    EXPECT_THAT(Expose(registry, Exposition::kPrometheusText),
                HasSubstr("queue{pool=\"a\"} 1\nqueue{pool=\"b\"} 2\n"));
  }
  EXPECT_THAT(Expose(registry, Exposition::kPrometheusText), Not(HasSubstr("pool=\"b\"")));
}

TEST(PrometheusTest, NamesFollowOpenTelemetry) {
  const auto name = [](std::string name, std::string unit, MetricType type) {
    return PrometheusName({.name = std::move(name), .unit = std::move(unit), .help = ""}, type);
  };
  EXPECT_EQ(name("http.server.request.duration", "s", MetricType::kHistogram),
            "http_server_request_duration_seconds");
  EXPECT_EQ(name("process.memory.usage", "By", MetricType::kUpDownCounter), "process_memory_usage_bytes");
  EXPECT_EQ(name("breaker.open", "1", MetricType::kGauge), "breaker_open_ratio");
  EXPECT_EQ(name("requests_total", "{request}", MetricType::kCounter), "requests");
}

TEST(PrometheusTest, AHistogramThatCountedNothingHasNoSeries) {
  Registry registry;
  registry.Histograms({.name = "size", .unit = "By", .help = "Sizes.", .labels = {"a"}, .buckets = {1}})
      .With({"x"});
  EXPECT_EQ(Expose(registry, Exposition::kPrometheusText),
            "# TYPE size_bytes histogram\n# HELP size_bytes Sizes.\n");
}

TEST(PrometheusTest, WritesOpenMetricsWithExemplars) {
  Registry registry;
  const TraceContext trace =
      *TraceContext::FromTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  registry
      .Histograms(
          {.name = "time", .unit = "s", .help = "A \"time\".\nMore.", .labels = {"a"}, .buckets = {1}})
      .With({"x\"\\\n"})
      .Observe(0.25, trace);
  registry.Counters({.name = "calls", .unit = "{call}", .help = "Calls."}).With({}).Add(1);
  EXPECT_EQ(Expose(registry, Exposition::kOpenMetrics),
            "# TYPE calls counter\n# HELP calls Calls.\ncalls_total 1\n"
            "# TYPE time_seconds histogram\n# UNIT time_seconds seconds\n"
            "# HELP time_seconds A \\\"time\\\".\\nMore.\n"
            "time_seconds_bucket{a=\"x\\\"\\\\\\n\",le=\"1.0\"} 1 # "
            "{trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\",span_id=\"00f067aa0ba902b7\"} 0.25\n"
            "time_seconds_bucket{a=\"x\\\"\\\\\\n\",le=\"+Inf\"} 1\n"
            "time_seconds_sum{a=\"x\\\"\\\\\\n\"} 0.25\ntime_seconds_count{a=\"x\\\"\\\\\\n\"} 1\n# EOF\n");
}

TEST(PrometheusTest, NegotiatesByAccept) {
  EXPECT_EQ(NegotiateExposition(""), Exposition::kPrometheusText);
  EXPECT_EQ(NegotiateExposition("*/*"), Exposition::kPrometheusText);
  EXPECT_EQ(NegotiateExposition(
                "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"),
            Exposition::kOpenMetrics);
  EXPECT_EQ(NegotiateExposition("application/openmetrics-text;q=0.2, text/plain"),
            Exposition::kPrometheusText);
  EXPECT_EQ(NegotiateExposition("application/openmetrics-text;q=0"), Exposition::kPrometheusText);
}

}  // namespace
}  // namespace starling::observe

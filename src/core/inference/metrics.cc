#include "core/inference/metrics.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace starling::inference {
namespace {

observe::MetricInfo Info(std::string name, std::string unit, std::string help,
                         std::vector<double> buckets = {}) {
  return {.name = "starling.inference." + std::move(name),
          .unit = std::move(unit),
          .help = std::move(help),
          .labels = {"model", "version"},
          .buckets = std::move(buckets)};
}

double Seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

RunObserver MetricsObserver(observe::Registry& registry, std::string_view model, std::string_view version) {
  const std::vector<std::string_view> labels = {model, version};
  const auto run_duration =
      registry
          .Histograms(Info("run.duration", "s", "Duration of one run of a batch.", observe::kDurationBuckets))
          .With(labels);
  const auto queue_duration =
      registry
          .Histograms(Info("queue.duration", "s", "How long the first row of a run waited for an instance.",
                           observe::kDurationBuckets))
          .With(labels);
  const auto batch_size =
      registry.Histograms(Info("batch.size", "{row}", "Rows of one run.", observe::kCountBuckets))
          .With(labels);
  const auto rows = registry.Counters(Info("rows", "{row}", "Rows that were run.")).With(labels);
  const auto errors = registry.Counters(Info("run.errors", "{run}", "Runs that failed.")).With(labels);
  const auto elements =
      registry.Counters(Info("elements", "{element}", "Elements of the rows, for example tokens."))
          .With(labels);
  const auto padding =
      registry.Counters(Info("padding", "{element}", "Elements that padding added to runs.")).With(labels);
  return [=](const RunReport& report) {
    run_duration.Observe(Seconds(report.run_time));
    queue_duration.Observe(Seconds(report.longest_wait));
    batch_size.Observe(static_cast<double>(report.rows));
    rows.Add(report.rows);
    elements.Add(report.elements);
    padding.Add(report.padded_elements - report.elements);
    if (!report.ok) errors.Add();
  };
}

observe::Counter QueueTimeouts(observe::Registry& registry, std::string_view model,
                               std::string_view version) {
  const std::vector<std::string_view> labels = {model, version};
  return registry
      .Counters(Info("queue.timeouts", "{request}",
                     "Requests refused because they waited longer than the queue's time-out."))
      .With(labels);
}

observe::CallbackRegistration ReportQueueSize(observe::Registry& registry, std::string_view model,
                                              std::string_view version, std::function<size_t()> queued) {
  auto report_size = [name = std::string(model), version = std::string(version),
                      queued = std::move(queued)](const observe::Report& report) {
    report({name, version}, static_cast<double>(queued()));
  };
  return registry.AddCallback(Info("queue.size", "{row}", "Rows that wait for an instance."),
                              observe::MetricType::kGauge, std::move(report_size));
}

}  // namespace starling::inference

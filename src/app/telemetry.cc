#include "app/telemetry.h"

#include <unistd.h>

#include "app/version.h"
#include "base/strings.h"
#include "core/config/declaration.h"
#include "core/config/schema.h"
#include "core/observe/live_settings.h"

namespace starling::app {
namespace {

void Declare(config::Declaration<ObserveConfig>& d) {
  using observe::Level;
  using observe::LogFormat;
  d.Choice("log_level", &ObserveConfig::log_level,
           {{"debug", Level::kDebug},
            {"info", Level::kInfo},
            {"warning", Level::kWarning},
            {"error", Level::kError}})
      .Text("Least important lines that are written.");
  d.Choice("log_format", &ObserveConfig::log_format,
           {{"auto", LogFormat::kAuto}, {"json", LogFormat::kJson}, {"human", LogFormat::kHuman}})
      .Text("Lines on standard error; auto is human on a terminal and JSON elsewhere.");
  d.Bool("metrics", &ObserveConfig::metrics)
      .Text(
          "Count and time what the program does; off: /metrics has only what is read when it is asked for.");
  d.String("otlp_endpoint", &ObserveConfig::otlp_endpoint)
      .Text("Collector that takes OTLP over HTTP as JSON, for example http://127.0.0.1:4318; empty: none.");
  d.Bool("export_traces", &ObserveConfig::export_traces).Text("Send spans to the collector.");
  d.Bool("export_logs", &ObserveConfig::export_logs).Text("Send log lines to the collector.");
  d.Double("trace_ratio", &ObserveConfig::trace_ratio)
      .Min(0)
      .Max(1)
      .Text("Share of the traces begun here that are recorded.");
  d.Bool("follow_parent", &ObserveConfig::follow_parent)
      .Text("Let a caller's traceparent decide whether its request is recorded.");
}

observe::LoggerOptions Logging(const ObserveConfig& config, const std::string& instance) {
  observe::LoggerOptions options;
  options.level = config.log_level;
  // A child's lines are read by its parent.
  options.format = instance.empty() ? config.log_format : observe::LogFormat::kJson;
  if (!instance.empty()) options.service = instance;
  return options;
}

}  // namespace

void DeclareObserveSettings(config::Schema& schema) { schema.Add("observe", Declare); }

Telemetry::Telemetry(const ObserveConfig& config, const std::string& instance)
    : metrics_(config.metrics),
      logger_(Logging(config, instance)),
      process_logger_(logger_),
      processes_(metrics_) {
  observe::SpanQueue* spans = nullptr;
  if (!config.otlp_endpoint.empty()) {
    observe::ExporterOptions options;
    options.endpoint = config.otlp_endpoint;
    options.traces = config.export_traces;
    options.logs = config.export_logs;
    const observe::Resource resource = {
        {"service.name", "starling"},
        {"service.version", kVersion},
        {"service.instance.id", StrCat(instance.empty() ? "main" : instance, "-", getpid())},
    };
    exporter_ = std::make_unique<observe::Exporter>(options, resource, metrics_);
    exporter_->Follow(logger_);
    spans = exporter_->spans();
  }
  observe::SetConfiguredTraceRatio(config.trace_ratio);
  tracer_ = std::make_unique<observe::Tracer>(
      observe::SamplingOptions{config.trace_ratio, config.follow_parent}, spans);
  dropped_lines_ = metrics_.AddCallback(
      {.name = "starling.log.dropped",
       .unit = "{line}",
       .help = "Log lines lost, because they came faster than they could be written.",
       .labels = {},
       .buckets = {}},
      observe::MetricType::kCounter,
      [this](const observe::Report& report) { report({}, static_cast<double>(logger_.dropped())); });
}

}  // namespace starling::app

// Logs, metrics and traces of this process, made from the section `observe` of the configuration.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/observe/exporter.h"
#include "core/observe/logger.h"
#include "core/observe/process_metrics.h"
#include "core/observe/registry.h"
#include "core/observe/tracer.h"

namespace starling::config {
class Schema;
}

namespace starling::app {

struct ObserveConfig {
  observe::Level log_level = observe::Level::kInfo;
  observe::LogFormat log_format = observe::LogFormat::kAuto;
  bool metrics = true;
  std::string otlp_endpoint;
  bool export_traces = true;
  bool export_logs = true;
  double trace_ratio = 1.0;
  bool follow_parent = true;
};

void DeclareObserveSettings(config::Schema& schema);

// Made first and destroyed last; everything else counts, traces and logs through it. Any thread.
class Telemetry {
 public:
  // `instance` names this process among others, for example "sentiment-0"; empty for the main one.
  Telemetry(const ObserveConfig& config, const std::string& instance);

  observe::Registry& metrics() { return metrics_; }
  observe::Logger& logger() { return logger_; }
  const observe::Tracer& tracer() const { return *tracer_; }
  observe::ProcessMetrics& processes() { return processes_; }

 private:
  observe::Registry metrics_;
  observe::Logger logger_;
  observe::ProcessLogger process_logger_;
  observe::ProcessMetrics processes_;
  std::unique_ptr<observe::Exporter> exporter_;
  std::unique_ptr<observe::Tracer> tracer_;
  observe::CallbackRegistration dropped_lines_;
};

}  // namespace starling::app

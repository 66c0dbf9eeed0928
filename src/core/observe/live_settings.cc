#include "core/observe/live_settings.h"

#include <atomic>

#include "core/observe/logger.h"

namespace starling::observe {
namespace {

constexpr int kUnset = -1;
std::atomic<int> level_in_force = kUnset;           // a Level, or kUnset
std::atomic<double> trace_ratio_in_force = kUnset;  // negative: not set
std::atomic<double> trace_ratio_configured = 1;

}  // namespace

void SetLiveLogLevel(std::optional<Level> level) {
  level_in_force.store(level.has_value() ? static_cast<int>(*level) : kUnset, std::memory_order_relaxed);
}

std::optional<Level> LiveLogLevel() {
  const int level = level_in_force.load(std::memory_order_relaxed);
  return level == kUnset ? std::nullopt : std::optional<Level>(static_cast<Level>(level));
}

void SetLiveTraceRatio(std::optional<double> ratio) {
  trace_ratio_in_force.store(ratio.value_or(kUnset), std::memory_order_relaxed);
}

std::optional<double> LiveTraceRatio() {
  const double ratio = trace_ratio_in_force.load(std::memory_order_relaxed);
  return ratio < 0 ? std::nullopt : std::optional<double>(ratio);
}

void SetConfiguredTraceRatio(double ratio) { trace_ratio_configured.store(ratio, std::memory_order_relaxed); }
double ConfiguredTraceRatio() { return trace_ratio_configured.load(std::memory_order_relaxed); }

Level CurrentLogLevel() {
  if (const auto level = LiveLogLevel(); level.has_value()) return *level;
  const Logger* logger = ProcessLogger::Current();
  return logger != nullptr ? logger->level() : Level::kInfo;
}

}  // namespace starling::observe

#include "services/models/oip/server_settings.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "base/status.h"
#include "core/observe/live_settings.h"

namespace starling::models::oip {
namespace {

using observe::Level;

constexpr std::string_view kError = "log_error";
constexpr std::string_view kWarning = "log_warning";
constexpr std::string_view kInfo = "log_info";
constexpr std::string_view kVerbose = "log_verbose_level";
constexpr std::string_view kFile = "log_file";
constexpr std::string_view kFormat = "log_format";
constexpr char kOurFormat[] = "ISO8601";

LogSettings SettingsOf(Level level) {
  return {{std::string(kFile), std::string()},
          {std::string(kFormat), std::string(kOurFormat)},
          {std::string(kError), true},
          {std::string(kWarning), level <= Level::kWarning},
          {std::string(kInfo), level <= Level::kInfo},
          {std::string(kVerbose), uint32_t{level <= Level::kDebug ? 1u : 0u}}};
}

absl::Status Overlay(const LogSettings& changes, LogSettings* settings) {
  for (const auto& [name, value] : changes) {
    const auto found = settings->find(name);
    if (found == settings->end()) return InvalidArgument("There is no log setting '", name, "'.");
    if (found->second.index() != value.index())
      return InvalidArgument("Log setting '", name, "' has a value of another type.");
    const bool fixed = name == kFile || name == kFormat;
    if (fixed && value != found->second) {
      return InvalidArgument("Log setting '", name,
                             "' can't be changed: logs go to standard error, with times in ISO 8601.");
    }
    found->second = value;
  }
  return absl::OkStatus();
}

absl::StatusOr<Level> LevelOf(const LogSettings& settings, bool verbose_was_asked) {
  const bool error = std::get<bool>(settings.find(kError)->second);
  const bool warning = std::get<bool>(settings.find(kWarning)->second);
  const bool info = std::get<bool>(settings.find(kInfo)->second);
  const bool verbose = std::get<uint32_t>(settings.find(kVerbose)->second) > 0;
  if (!error) return InvalidArgument("'log_error' can't be switched off.");
  if (info && !warning)
    return InvalidArgument("'log_info' is a lower level than 'log_warning', which would be off.");
  if (verbose && !info) {
    // Verbose logs are below info: asked for together with what they need off, they can't be.
    if (verbose_was_asked)
      return InvalidArgument("'log_verbose_level' is a lower level than 'log_info', which would be off.");
    return warning ? Level::kWarning : Level::kError;
  }
  if (verbose) return Level::kDebug;
  if (info) return Level::kInfo;
  return warning ? Level::kWarning : Level::kError;
}

}  // namespace

LogSettings CurrentLogSettings() { return SettingsOf(observe::CurrentLogLevel()); }

absl::StatusOr<LogSettings> ChangeLogSettings(const LogSettings& changes) {
  LogSettings settings = CurrentLogSettings();
  RETURN_IF_ERROR(Overlay(changes, &settings));
  ASSIGN_OR_RETURN(const Level level, LevelOf(settings, changes.count(kVerbose) > 0));
  observe::SetLiveLogLevel(level);
  return CurrentLogSettings();
}

namespace {

constexpr std::string_view kTraceLevel = "trace_level";
constexpr std::string_view kTraceRate = "trace_rate";
constexpr std::string_view kTraceCount = "trace_count";
constexpr std::string_view kTraceFile = "trace_file";
constexpr std::string_view kLogFrequency = "log_frequency";
constexpr std::string_view kTraceMode = "trace_mode";

TraceSettings SettingsOf(double ratio) {
  // Triton says "one of how many".
  const double rate = ratio > 0 ? std::round(1 / ratio) : 0;
  return {{std::string(kTraceLevel), {ratio > 0 ? "TIMESTAMPS" : "OFF"}},
          {std::string(kTraceRate), {std::to_string(static_cast<uint64_t>(rate))}},
          {std::string(kTraceCount), {"-1"}},
          {std::string(kTraceFile), {""}},
          {std::string(kLogFrequency), {"0"}},
          {std::string(kTraceMode), {"opentelemetry"}}};
}

absl::StatusOr<double> RatioOf(const std::string& rate) {
  uint64_t every = 0;
  const auto [end, error] = std::from_chars(rate.data(), rate.data() + rate.size(), every);
  if (error != std::errc() || end != rate.data() + rate.size()) {
    return InvalidArgument("'trace_rate' must be an integer: one of how many requests is traced.");
  }
  return every == 0 ? 0.0 : 1.0 / static_cast<double>(every);
}

}  // namespace

TraceSettings CurrentTraceSettings() {
  return SettingsOf(observe::LiveTraceRatio().value_or(observe::ConfiguredTraceRatio()));
}

absl::StatusOr<TraceSettings> ChangeTraceSettings(const TraceSettings& changes) {
  const TraceSettings current = CurrentTraceSettings();
  const double configured = observe::ConfiguredTraceRatio();
  std::optional<double> ratio;
  bool off = false, on = false, back = false;
  for (const auto& [name, values] : changes) {
    const auto found = current.find(name);
    if (found == current.end()) return InvalidArgument("There is no trace setting '", name, "'.");
    if (values.empty()) {
      back = back || name == kTraceRate || name == kTraceLevel;
    } else if (name == kTraceLevel) {
      off = values == std::vector<std::string>{"OFF"};
      on = values == std::vector<std::string>{"TIMESTAMPS"};
      if (!off && !on)
        return InvalidArgument("'trace_level' must be OFF or TIMESTAMPS: tensors are not traced.");
    } else if (name == kTraceRate && values.size() == 1) {
      ASSIGN_OR_RETURN(ratio, RatioOf(values[0]));
    } else if (values != found->second) {
      return InvalidArgument("Trace setting '", name,
                             "' can't be changed: traces go to the collector of observe.otlp_endpoint.");
    }
  }
  if (off) {
    observe::SetLiveTraceRatio(0.0);
  } else if (ratio.has_value()) {
    observe::SetLiveTraceRatio(ratio);
  } else if (back) {
    observe::SetLiveTraceRatio(std::nullopt);
  } else if (on && current.find(kTraceLevel)->second == std::vector<std::string>{"OFF"}) {
    observe::SetLiveTraceRatio(configured > 0 ? configured : 1.0);
  }
  return CurrentTraceSettings();
}

}  // namespace starling::models::oip

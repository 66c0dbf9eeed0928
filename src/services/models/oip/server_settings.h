// Log and trace settings that an operator changes while the program runs. Sources: Triton's extension_logging.md, extension_trace.md.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::models::oip {

using LogValue = std::variant<bool, uint32_t, std::string>;
using LogSettings = std::map<std::string, LogValue, std::less<>>;

// The settings of this process's logger. Our levels are ordered, so that "log_info" without "log_warning" can't be.
LogSettings CurrentLogSettings();
// All or nothing; INVALID_ARGUMENT for one that is unknown or can't be. The new ones.
absl::StatusOr<LogSettings> ChangeLogSettings(const LogSettings& changes);

// A setting without values goes back to what the configuration says.
using TraceSettings = std::map<std::string, std::vector<std::string>, std::less<>>;

// How many of the requests that begin a trace in this process are traced.
TraceSettings CurrentTraceSettings();
// All or nothing; INVALID_ARGUMENT for one that is unknown or can't be. The new ones.
absl::StatusOr<TraceSettings> ChangeTraceSettings(const TraceSettings& changes);

}  // namespace starling::models::oip

// Log lines: a fixed message and named fields, never text of a user. Writing one takes a short lock and never waits for
// a terminal, a pipe or a network.
//
//   observe::LogInfo("listening", {{"port", port}});
//   observe::LogWarning(ctx, "child is down", {{"service", name}});   // with trace and request id
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/context/request_context.h"

namespace starling::observe {

enum class Level { kDebug, kInfo, kWarning, kError };
std::string_view LevelName(Level level);  // "debug", "info", "warning", "error"

// A field of a line being written: views of what the caller holds.
struct Field {
  using Value = std::variant<bool, int64_t, double, std::string_view>;
  Field(std::string_view key, bool value) : key(key), value(value) {}
  Field(std::string_view key, std::integral auto value) : key(key), value(static_cast<int64_t>(value)) {}
  Field(std::string_view key, std::floating_point auto value) : key(key), value(static_cast<double>(value)) {}
  Field(std::string_view key, const std::string& value) : key(key), value(std::string_view(value)) {}
  Field(std::string_view key, std::string_view value) : key(key), value(value) {}
  Field(std::string_view key, const char* value) : key(key), value(std::string_view(value)) {}

  std::string_view key;
  Value value;
};
using Fields = std::initializer_list<Field>;

// A line as it is kept and passed on.
struct LogRecord {
  using Value = std::variant<bool, int64_t, double, std::string>;
  int64_t time_unix_ns = 0;
  Level level = Level::kInfo;
  std::string message;
  std::string request_id;  // empty outside of requests
  TraceContext trace;      // invalid outside of traces
  std::vector<std::pair<std::string, Value>> fields;
};

// Goes to the process's logger (see logger.h), or straight to standard error while there is none. Any thread.
void Log(Level level, std::string_view message, Fields fields = {});
void Log(const RequestContext& context, Level level, std::string_view message, Fields fields = {});
// False: a line of this level would go nowhere.
bool LogEnabled(Level level);

inline void LogDebug(std::string_view message, Fields fields = {}) { Log(Level::kDebug, message, fields); }
inline void LogInfo(std::string_view message, Fields fields = {}) { Log(Level::kInfo, message, fields); }
inline void LogWarning(std::string_view message, Fields fields = {}) {
  Log(Level::kWarning, message, fields);
}
inline void LogError(std::string_view message, Fields fields = {}) { Log(Level::kError, message, fields); }
inline void LogDebug(const RequestContext& context, std::string_view message, Fields fields = {}) {
  Log(context, Level::kDebug, message, fields);
}
inline void LogInfo(const RequestContext& context, std::string_view message, Fields fields = {}) {
  Log(context, Level::kInfo, message, fields);
}
inline void LogWarning(const RequestContext& context, std::string_view message, Fields fields = {}) {
  Log(context, Level::kWarning, message, fields);
}
inline void LogError(const RequestContext& context, std::string_view message, Fields fields = {}) {
  Log(context, Level::kError, message, fields);
}

// Lets one line per period through, for what may go wrong a thousand times a second. A member or a function's static:
//
//   if (const auto missed = limiter_.Allow()) LogWarning("collector is slow", {{"suppressed", *missed}});
class LogLimiter {
 public:
  constexpr explicit LogLimiter(std::chrono::milliseconds period) : period_(period) {}
  // How many were held back since the last one that passed; nullopt if this one is held back. Any thread.
  std::optional<uint64_t> Allow(MonotonicTime now = std::chrono::steady_clock::now());

 private:
  const std::chrono::nanoseconds period_;
  std::atomic<int64_t> next_ns_{INT64_MIN};
  std::atomic<uint64_t> missed_{0};
};

}  // namespace starling::observe

#include "core/observe/log.h"

#include <time.h>
#include <unistd.h>

#include "core/observe/live_settings.h"
#include "core/observe/log_format.h"
#include "core/observe/logger.h"

namespace starling::observe {
namespace {

LogRecord MakeRecord(Level level, std::string_view message, Fields fields) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  LogRecord record;
  record.time_unix_ns = static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
  record.level = level;
  record.message = std::string(message);
  record.fields.reserve(fields.size());
  for (const Field& field : fields) {
    LogRecord::Value value;
    std::visit(
        [&](const auto& given) {
          if constexpr (std::is_same_v<std::decay_t<decltype(given)>, std::string_view>) {
            value = std::string(given);
          } else {
            value = given;
          }
        },
        field.value);
    record.fields.emplace_back(field.key, std::move(value));
  }
  return record;
}

void Pass(LogRecord record) {
  if (Logger* logger = ProcessLogger::Current()) return logger->Write(std::move(record));
  const std::string line = HumanLine(record, /*colours=*/false);
  static_cast<void>(!write(STDERR_FILENO, line.data(), line.size()));
}

}  // namespace

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "";
}

bool LogEnabled(Level level) { return level >= CurrentLogLevel(); }

void Log(Level level, std::string_view message, Fields fields) {
  if (LogEnabled(level)) Pass(MakeRecord(level, message, fields));
}

void Log(const RequestContext& context, Level level, std::string_view message, Fields fields) {
  if (!LogEnabled(level)) return;
  LogRecord record = MakeRecord(level, message, fields);
  record.request_id = context.request_id();
  record.trace = context.trace();
  Pass(std::move(record));
}

std::optional<uint64_t> LogLimiter::Allow(MonotonicTime now) {
  const int64_t now_ns = std::chrono::nanoseconds(now.time_since_epoch()).count();
  int64_t next = next_ns_.load(std::memory_order_relaxed);
  const bool mine = now_ns >= next && next_ns_.compare_exchange_strong(next, now_ns + period_.count(),
                                                                       std::memory_order_relaxed);
  if (mine) return missed_.exchange(0, std::memory_order_relaxed);
  missed_.fetch_add(1, std::memory_order_relaxed);
  return std::nullopt;
}

}  // namespace starling::observe

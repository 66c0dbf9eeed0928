#include "core/observe/log_format.h"

#include <time.h>

#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/json_quote.h"
#include "base/strings.h"

namespace starling::observe {
namespace {

// "2026-01-02T03:04:05.123456789Z" cut to `digits` of the second, without the Z.
std::string Time(int64_t unix_ns, char separator, int digits) {
  const time_t seconds = static_cast<time_t>(unix_ns / 1'000'000'000);
  tm parts{};
  gmtime_r(&seconds, &parts);
  char buffer[80];
  const int size =
      std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02d%c%02d:%02d:%02d.%09d", parts.tm_year + 1900,
                    parts.tm_mon + 1, parts.tm_mday, separator, parts.tm_hour, parts.tm_min, parts.tm_sec,
                    static_cast<int>(unix_ns % 1'000'000'000));
  return std::string(buffer, static_cast<size_t>(size - 9 + digits));
}

void AppendJsonValue(const LogRecord::Value& value, std::string* out) {
  if (const auto* text = std::get_if<std::string>(&value)) return AppendJsonString(*text, out);
  if (const auto* flag = std::get_if<bool>(&value)) {
    *out += *flag ? "true" : "false";
  } else if (const auto* whole = std::get_if<int64_t>(&value)) {
    StrAppend(out, *whole);
  } else if (const double number = std::get<double>(value); std::isfinite(number)) {
    char buffer[32];
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
    out->append(buffer, end);
  } else {
    *out += "null";
  }
}

void AppendMember(std::string_view key, std::string_view value, std::string* out) {
  StrAppend(out, ",\"", key, "\":");
  AppendJsonString(value, out);
}

std::string_view Colour(Level level) {
  switch (level) {
    case Level::kDebug:
      return "\033[2m";
    case Level::kInfo:
      return "\033[32m";
    case Level::kWarning:
      return "\033[33m";
    case Level::kError:
      return "\033[31m";
  }
  return "";
}

bool NeedsQuotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\\' || c == '=' || c == 0x7f) return true;
  }
  return false;
}

}  // namespace

std::string JsonLine(const LogRecord& record, std::string_view service) {
  std::string line = StrCat("{\"ts\":\"", Time(record.time_unix_ns, 'T', 9), "Z\"");
  AppendMember("level", LevelName(record.level), &line);
  AppendMember("service", service, &line);
  AppendMember("message", record.message, &line);
  if (record.trace.valid()) {
    AppendMember("trace_id", record.trace.TraceIdHex(), &line);
    AppendMember("span_id", record.trace.SpanIdHex(), &line);
  }
  if (!record.request_id.empty()) AppendMember("request_id", record.request_id, &line);
  if (!record.fields.empty()) {
    line += ",\"fields\":{";
    for (size_t i = 0; i < record.fields.size(); ++i) {
      if (i != 0) line += ',';
      AppendJsonString(record.fields[i].first, &line);
      line += ':';
      AppendJsonValue(record.fields[i].second, &line);
    }
    line += '}';
  }
  line += "}\n";
  return line;
}

std::string HumanLine(const LogRecord& record, bool colours) {
  constexpr std::string_view kNames[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};
  std::string line =
      StrCat(Time(record.time_unix_ns, ' ', 3), " ", colours ? Colour(record.level) : "",
             kNames[static_cast<size_t>(record.level)], colours ? "\033[0m " : " ", record.message);
  for (const auto& [key, value] : record.fields) {
    StrAppend(&line, " ", key, "=");
    const auto* text = std::get_if<std::string>(&value);
    if (text != nullptr && !NeedsQuotes(*text)) {
      line += *text;
    } else {
      AppendJsonValue(value, &line);
    }
  }
  if (!record.request_id.empty()) StrAppend(&line, " request_id=", record.request_id);
  if (record.trace.valid()) StrAppend(&line, " trace_id=", record.trace.TraceIdHex());
  line += '\n';
  return line;
}

}  // namespace starling::observe

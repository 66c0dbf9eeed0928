#include "core/rpc/json/time_text.h"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace starling::rpc::json {
namespace {

constexpr int64_t kFirstSecond = -62135596800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253402300799;   // 9999-12-31T23:59:59Z
constexpr int64_t kLongestDuration = 315576000000;
constexpr int32_t kNanosPerSecond = 1000000000;
constexpr int64_t kSecondsPerDay = 86400;

// Takes exactly `digits` digits.
bool TakeNumber(std::string_view* text, size_t digits, int* value) {
  if (text->size() < digits) return false;
  *value = 0;
  for (const char c : text->substr(0, digits)) {
    if (c < '0' || c > '9') return false;
    *value = *value * 10 + (c - '0');
  }
  text->remove_prefix(digits);
  return true;
}

bool TakeChar(std::string_view* text, char c) {
  if (!text->starts_with(c)) return false;
  text->remove_prefix(1);
  return true;
}

// A fraction of one to nine digits, if there is one.
bool TakeNanos(std::string_view* text, int32_t* nanos) {
  *nanos = 0;
  if (!TakeChar(text, '.')) return true;
  int32_t unit = kNanosPerSecond;
  size_t digits = 0;
  for (; digits < text->size() && (*text)[digits] >= '0' && (*text)[digits] <= '9'; ++digits) {
    unit /= 10;
    *nanos += ((*text)[digits] - '0') * unit;
  }
  text->remove_prefix(digits);
  return digits > 0 && digits <= 9;
}

// "Z", "+01:00"; in seconds.
bool TakeOffset(std::string_view* text, int* offset) {
  *offset = 0;
  if (TakeChar(text, 'Z')) return true;
  const int sign = text->starts_with('-') ? -1 : 1;
  int hours = 0, minutes = 0;
  if (!TakeChar(text, '-') && !TakeChar(text, '+')) return false;
  if (!TakeNumber(text, 2, &hours) || !TakeChar(text, ':') || !TakeNumber(text, 2, &minutes)) return false;
  *offset = sign * (hours * 3600 + minutes * 60);
  return hours < 24 && minutes < 60;
}

void AppendNanos(int32_t nanos, std::string* out) {
  if (nanos == 0) return;
  char text[16];
  std::snprintf(text, sizeof(text), ".%09d", nanos);
  const int digits = nanos % 1000000 == 0 ? 3 : nanos % 1000 == 0 ? 6 : 9;
  out->append(text, static_cast<size_t>(digits) + 1);
}

}  // namespace

bool ParseTimestamp(std::string_view text, Seconds* time) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offset = 0;
  if (!TakeNumber(&text, 4, &year) || !TakeChar(&text, '-') || !TakeNumber(&text, 2, &month) ||
      !TakeChar(&text, '-') || !TakeNumber(&text, 2, &day) || !TakeChar(&text, 'T') ||
      !TakeNumber(&text, 2, &hour) || !TakeChar(&text, ':') || !TakeNumber(&text, 2, &minute) ||
      !TakeChar(&text, ':') || !TakeNumber(&text, 2, &second) || !TakeNanos(&text, &time->nanos) ||
      !TakeOffset(&text, &offset) || !text.empty()) {
    return false;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return false;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  time->seconds = days * kSecondsPerDay + hour * 3600 + minute * 60 + second - offset;
  return time->seconds >= kFirstSecond && time->seconds <= kLastSecond;
}

bool ParseDuration(std::string_view text, Seconds* duration) {
  const bool negative = TakeChar(&text, '-');
  if (text.empty() || text[0] < '0' || text[0] > '9') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), duration->seconds);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (!TakeNanos(&text, &duration->nanos) || text != "s") return false;
  const bool in_range =
      duration->seconds < kLongestDuration || (duration->seconds == kLongestDuration && duration->nanos == 0);
  if (negative) {
    duration->seconds = -duration->seconds;
    duration->nanos = -duration->nanos;
  }
  return in_range;
}

bool AppendTimestamp(Seconds time, std::string* out) {
  if (time.seconds < kFirstSecond || time.seconds > kLastSecond) return false;
  if (time.nanos < 0 || time.nanos >= kNanosPerSecond) return false;
  const std::chrono::sys_seconds point{std::chrono::seconds(time.seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date(day);
  const auto of_day = static_cast<int>((point - day).count());
  char text[32];
  const int size =
      std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), of_day / 3600,
                    of_day / 60 % 60, of_day % 60);
  out->append(text, static_cast<size_t>(size));
  AppendNanos(time.nanos, out);
  out->push_back('Z');
  return true;
}

bool AppendDuration(Seconds duration, std::string* out) {
  const bool negative = duration.seconds < 0 || duration.nanos < 0;
  if (negative && (duration.seconds > 0 || duration.nanos > 0)) return false;
  if (duration.seconds < -kLongestDuration || duration.seconds > kLongestDuration) return false;
  if (duration.nanos <= -kNanosPerSecond || duration.nanos >= kNanosPerSecond) return false;
  if (negative) out->push_back('-');
  char text[24];
  const int64_t seconds = negative ? -duration.seconds : duration.seconds;
  out->append(text, std::to_chars(text, text + sizeof(text), seconds).ptr);
  AppendNanos(negative ? -duration.nanos : duration.nanos, out);
  out->push_back('s');
  return true;
}

}  // namespace starling::rpc::json

#include "core/config/scalar_text.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "base/status.h"

namespace starling::config {
namespace {

struct SizeUnit {
  std::string_view name;
  int64_t bytes;
};
constexpr SizeUnit kSizeUnits[] = {
    {"TiB", int64_t{1} << 40},
    {"GiB", int64_t{1} << 30},
    {"MiB", int64_t{1} << 20},
    {"KiB", int64_t{1} << 10},
    {"TB", 1000000000000},
    {"GB", 1000000000},
    {"MB", 1000000},
    {"kB", 1000},
    {"B", 1},
};

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number value{};
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> ParseSize(std::string_view text) {
  int64_t unit = 1;
  for (const SizeUnit& candidate : kSizeUnits) {
    if (!text.ends_with(candidate.name)) continue;
    text.remove_suffix(candidate.name.size());
    unit = candidate.bytes;
    break;
  }
  while (text.ends_with(' ')) text.remove_suffix(1);
  const std::optional<double> number = ParseNumber<double>(text);
  if (!number || !(*number >= 0) || *number * static_cast<double>(unit) > 9e18) return std::nullopt;
  const double bytes = *number * static_cast<double>(unit);
  if (bytes != std::floor(bytes)) return std::nullopt;
  if (const auto whole = ParseNumber<int64_t>(text)) return *whole * unit;
  return static_cast<int64_t>(bytes);
}

std::string FormatSize(int64_t bytes) {
  for (const SizeUnit& unit : kSizeUnits) {
    if (unit.name.size() == 3 && bytes != 0 && bytes % unit.bytes == 0)
      return StrCat(bytes / unit.bytes, unit.name);
  }
  return StrCat(bytes, "B");
}

std::optional<int64_t> ParseDuration(std::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(ToAbsl(text), &duration)) return std::nullopt;
  if (duration > absl::Hours(24 * 365 * 100) || duration < -absl::Hours(24 * 365 * 100)) return std::nullopt;
  return absl::ToInt64Nanoseconds(duration);
}

std::string FormatDouble(double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, end);
}

std::optional<Scalar> Parse(Kind kind, std::string_view text) {
  switch (kind) {
    case Kind::kBool:
      if (text == "true") return Scalar(true);
      if (text == "false") return Scalar(false);
      return std::nullopt;
    case Kind::kInt:
      if (const auto value = ParseNumber<int64_t>(text)) return Scalar(*value);
      return std::nullopt;
    case Kind::kDouble:
      if (const auto value = ParseNumber<double>(text); value && std::isfinite(*value)) return Scalar(*value);
      return std::nullopt;
    case Kind::kDuration:
      if (const auto value = ParseDuration(text)) return Scalar(*value);
      return std::nullopt;
    case Kind::kSize:
      if (const auto value = ParseSize(text)) return Scalar(*value);
      return std::nullopt;
    default:
      return Scalar(std::string(text));
  }
}

std::string FormatBound(Kind kind, double bound) {
  if (kind == Kind::kDuration || kind == Kind::kSize) return FormatScalar(kind, static_cast<int64_t>(bound));
  return std::fabs(bound) < 1e15 && bound == std::floor(bound) ? StrCat(static_cast<int64_t>(bound))
                                                               : FormatDouble(bound);
}

// What the bounds are about: the number itself, or the length of a string.
std::optional<double> Measure(const Setting& setting, const Scalar& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (setting.kind == Kind::kString) return static_cast<double>(std::get<std::string>(value).size());
  return std::nullopt;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) StrAppend(&joined, joined.empty() ? "" : ", ", word);
  return joined;
}

}  // namespace

absl::StatusOr<Scalar> ParseScalar(const Setting& setting, std::string_view text) {
  const std::optional<Scalar> value = Parse(setting.kind, text);
  if (!value) return InvalidArgument("must be ", KindPhrase(setting.kind), ", not '", text, "'");
  if (!setting.choices.empty()) {
    for (const std::string& word : setting.choices) {
      if (word == text) return *value;
    }
    return InvalidArgument("must be one of ", Joined(setting.choices), ", not '", text, "'");
  }
  if (const std::optional<double> measure = Measure(setting, *value)) {
    if ((setting.min && *measure < *setting.min) || (setting.max && *measure > *setting.max)) {
      return InvalidArgument("must be ", BoundsPhrase(setting), ", not '", text, "'");
    }
  }
  return *value;
}

std::string FormatScalar(Kind kind, const Scalar& value) {
  if (std::holds_alternative<std::monostate>(value)) return "";
  switch (kind) {
    case Kind::kBool:
      return std::get<bool>(value) ? "true" : "false";
    case Kind::kInt:
      return StrCat(std::get<int64_t>(value));
    case Kind::kDouble:
      return FormatDouble(std::get<double>(value));
    case Kind::kDuration:
      return std::get<int64_t>(value) == 0
                 ? "0s"
                 : absl::FormatDuration(absl::Nanoseconds(std::get<int64_t>(value)));
    case Kind::kSize:
      return FormatSize(std::get<int64_t>(value));
    case Kind::kSecret:
      return std::get<Secret>(value).Masked();
    default:
      return std::get<std::string>(value);
  }
}

std::string_view KindPhrase(Kind kind) {
  switch (kind) {
    case Kind::kBool:
      return "true or false";
    case Kind::kInt:
      return "a whole number";
    case Kind::kDouble:
      return "a number";
    case Kind::kDuration:
      return "a duration such as 250ms, 5s or 1h30m";
    case Kind::kSize:
      return "a size such as 512KiB or 4MiB";
    case Kind::kStringList:
      return "a list of strings";
    case Kind::kStringMap:
      return "a map of strings";
    case Kind::kSectionList:
      return "a list of sections";
    case Kind::kSection:
    case Kind::kSectionMap:
      return "a section";
    case Kind::kString:
    case Kind::kChoice:
    case Kind::kSecret:
      return "a string";
  }
  return "";
}

std::string BoundsPhrase(const Setting& setting) {
  std::string phrase;
  if (setting.min && setting.max) {
    phrase = StrCat(FormatBound(setting.kind, *setting.min), " to ", FormatBound(setting.kind, *setting.max));
  } else if (setting.min) {
    phrase = StrCat("at least ", FormatBound(setting.kind, *setting.min));
  } else if (setting.max) {
    phrase = StrCat("at most ", FormatBound(setting.kind, *setting.max));
  }
  if (phrase.empty()) return phrase;
  if (setting.kind == Kind::kString) phrase += " bytes long";
  const bool many = setting.kind == Kind::kStringList || setting.kind == Kind::kSectionList ||
                    setting.kind == Kind::kStringMap || setting.kind == Kind::kSectionMap;
  if (many) phrase += " entries";
  return phrase;
}

}  // namespace starling::config

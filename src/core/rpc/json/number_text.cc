#include "core/rpc/json/number_text.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <system_error>

#include "absl/strings/charconv.h"

namespace starling::rpc::json {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A number in its parts; points into the text.
struct Parts {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::string_view exponent;  // with its sign; empty if there is none
};

std::string_view TakeDigits(std::string_view* text) {
  size_t length = 0;
  while (length < text->size() && IsDigit((*text)[length])) ++length;
  const std::string_view digits = text->substr(0, length);
  text->remove_prefix(length);
  return digits;
}

bool Split(std::string_view text, Parts* parts) {
  if (text.starts_with('-')) {
    parts->negative = true;
    text.remove_prefix(1);
  }
  parts->whole = TakeDigits(&text);
  if (parts->whole.empty() || (parts->whole.size() > 1 && parts->whole[0] == '0')) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    parts->fraction = TakeDigits(&text);
    if (parts->fraction.empty()) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    const std::string_view all = text;
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (TakeDigits(&text).empty()) return false;
    parts->exponent = all;
  }
  return text.empty();
}

// More than any integer has digits, either way.
constexpr int kFarAway = 100000000;

int Exponent(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  int exponent = 0;
  if (text.empty()) return 0;
  if (std::from_chars(text.data(), text.data() + text.size(), exponent).ec != std::errc() ||
      exponent > kFarAway || exponent < -kFarAway) {
    return text[0] == '-' ? -kFarAway : kFarAway;
  }
  return exponent;
}

// An integer that is written with a fraction or an exponent.
template <typename Int>
NumberError ParseByParts(std::string_view text, Int* value) {
  Parts parts;
  if (!Split(text, &parts)) return NumberError::kNotANumber;
  std::string digits(parts.whole);
  digits += parts.fraction;
  int64_t scale =
      static_cast<int64_t>(Exponent(parts.exponent)) - static_cast<int64_t>(parts.fraction.size());
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++scale;
  }
  if (digits.empty()) {
    *value = 0;
    return NumberError::kNone;
  }
  if (scale < 0) return NumberError::kFraction;
  digits.erase(0, digits.find_first_not_of('0'));
  if (static_cast<int64_t>(digits.size()) + scale > 20) return NumberError::kRange;
  digits.append(static_cast<size_t>(scale), '0');
  if (parts.negative) digits.insert(0, "-");
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *value);
  return error == std::errc() && end == digits.data() + digits.size() ? NumberError::kNone
                                                                      : NumberError::kRange;
}

template <typename Int>
NumberError ParseInteger(std::string_view text, Int* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  const bool plain = error == std::errc() && end == text.data() + text.size() &&
                     !(text.size() > 1 && (text[0] == '0' || text.starts_with("-0")));
  return plain ? NumberError::kNone : ParseByParts(text, value);
}

template <typename Real>
NumberError ParseReal(std::string_view text, Real* value) {
  if (!IsNumber(text)) return NumberError::kNotANumber;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (result.ec == std::errc()) return NumberError::kNone;
  // Too large or too small; the standard's function doesn't say which.
  const auto second = absl::from_chars(text.data(), text.data() + text.size(), *value);
  return second.ec == std::errc::result_out_of_range && std::abs(*value) > 1 ? NumberError::kRange
                                                                             : NumberError::kNone;
}

}  // namespace

bool IsNumber(std::string_view text) {
  Parts parts;
  return Split(text, &parts);
}

NumberError ParseNumber(std::string_view text, int32_t* value) { return ParseInteger(text, value); }
NumberError ParseNumber(std::string_view text, int64_t* value) { return ParseInteger(text, value); }
NumberError ParseNumber(std::string_view text, uint32_t* value) { return ParseInteger(text, value); }
NumberError ParseNumber(std::string_view text, uint64_t* value) { return ParseInteger(text, value); }
NumberError ParseNumber(std::string_view text, float* value) { return ParseReal(text, value); }
NumberError ParseNumber(std::string_view text, double* value) { return ParseReal(text, value); }

}  // namespace starling::rpc::json

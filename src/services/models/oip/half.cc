#include "services/models/oip/half.h"

#include <bit>
#include <cmath>

namespace starling::models::oip {
namespace {

constexpr int kDoubleMantissa = 52;
constexpr int kDoubleBias = 1023;

// A format with one sign bit, then `15 - mantissa` bits of exponent, then the mantissa.
struct Format {
  int mantissa;
  int bias;
};
constexpr Format kFp16 = {10, 15};
constexpr Format kBf16 = {7, 127};

constexpr int LargestExponent(Format format) { return (1 << (15 - format.mantissa)) - 1; }

double ToDouble(uint16_t bits, Format format) {
  const int exponent = (bits & 0x7FFF) >> format.mantissa;
  const int fraction = bits & ((1 << format.mantissa) - 1);
  double value = 0;
  if (exponent == LargestExponent(format)) {
    value = fraction == 0 ? HUGE_VAL : std::nan("");
  } else if (exponent == 0) {
    value = std::ldexp(fraction, 1 - format.bias - format.mantissa);
  } else {
    value = std::ldexp(fraction + (1 << format.mantissa), exponent - format.bias - format.mantissa);
  }
  return (bits & kHalfSign) != 0 ? -value : value;
}

uint16_t FromDouble(double value, Format format) {
  const auto bits = std::bit_cast<uint64_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 48) & kHalfSign);
  const uint64_t fraction = bits & ((uint64_t{1} << kDoubleMantissa) - 1);
  const int exponent = static_cast<int>((bits >> kDoubleMantissa) & 0x7FF) - kDoubleBias + format.bias;
  const auto infinity = static_cast<uint16_t>(LargestExponent(format) << format.mantissa);
  if (std::isnan(value)) return static_cast<uint16_t>(sign | infinity | (1 << (format.mantissa - 1)));
  if (exponent >= LargestExponent(format)) return static_cast<uint16_t>(sign | infinity);
  // Subnormal results lose as many more bits as their exponent lies below 1. A double this small is far below half of the smallest.
  int dropped = kDoubleMantissa - format.mantissa;
  uint64_t whole = fraction;
  uint64_t kept = 0;
  if (exponent <= 0) {
    dropped += 1 - exponent;
    if (dropped > kDoubleMantissa + 1) return sign;
    whole |= uint64_t{1} << kDoubleMantissa;
  } else {
    kept = static_cast<uint64_t>(exponent) << format.mantissa;
  }
  kept += whole >> dropped;
  const uint64_t rest = whole & ((uint64_t{1} << dropped) - 1);
  const uint64_t half = uint64_t{1} << (dropped - 1);
  // A carry into the exponent is right: it is the next power of two, or infinity.
  if (rest > half || (rest == half && (kept & 1) != 0)) ++kept;
  return static_cast<uint16_t>(sign | kept);
}

}  // namespace

double Fp16ToDouble(uint16_t bits) { return ToDouble(bits, kFp16); }
double Bf16ToDouble(uint16_t bits) { return ToDouble(bits, kBf16); }
uint16_t DoubleToFp16(double value) { return FromDouble(value, kFp16); }
uint16_t DoubleToBf16(double value) { return FromDouble(value, kBf16); }

}  // namespace starling::models::oip

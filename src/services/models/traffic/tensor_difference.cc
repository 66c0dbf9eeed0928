#include "services/models/traffic/tensor_difference.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace starling::models {
namespace {

using inference::DataType;
using inference::Tensor;

bool Near(double a, double b, const Tolerance& tolerance) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return true;
  if (!std::isfinite(a) || !std::isfinite(b)) return false;
  const double difference = std::fabs(a - b);
  return difference <= tolerance.absolute ||
         difference <= tolerance.relative * std::max(std::fabs(a), std::fabs(b));
}

// IEEE 754 binary16.
double FromHalf(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const double fraction = bits & 1023;
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) return fraction == 0 ? sign * HUGE_VAL : std::nan("");
  return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 1024, exponent - 25));
}

double FromBrain(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

// Elements may lie unaligned: they come from the wire.
template <typename T, typename Convert>
bool AllNear(const Tensor& a, const Tensor& b, const Tolerance& tolerance, Convert convert) {
  for (size_t at = 0; at + sizeof(T) <= a.data.size(); at += sizeof(T)) {
    T left, right;
    std::memcpy(&left, a.data.data() + at, sizeof(T));
    std::memcpy(&right, b.data.data() + at, sizeof(T));
    if (!Near(convert(left), convert(right), tolerance)) return false;
  }
  return true;
}

bool Agree(const Tensor& a, const Tensor& b, const Tolerance& tolerance) {
  if (a.datatype != b.datatype || a.shape != b.shape || a.data.size() != b.data.size()) return false;
  if (a.data.view() == b.data.view()) return true;
  const auto same = [](auto value) { return static_cast<double>(value); };
  switch (a.datatype) {
    case DataType::kFp32:
      return AllNear<float>(a, b, tolerance, same);
    case DataType::kFp64:
      return AllNear<double>(a, b, tolerance, same);
    case DataType::kFp16:
      return AllNear<uint16_t>(a, b, tolerance, FromHalf);
    case DataType::kBf16:
      return AllNear<uint16_t>(a, b, tolerance, FromBrain);
    default:
      return false;
  }
}

}  // namespace

bool Agree(const NamedOutputs& a, const NamedOutputs& b, const Tolerance& tolerance) {
  if (a.names.size() != b.names.size()) return false;
  for (size_t i = 0; i < a.names.size(); ++i) {
    const auto found = std::find(b.names.begin(), b.names.end(), a.names[i]);
    if (found == b.names.end()) return false;
    if (!Agree(a.tensors[i], b.tensors[static_cast<size_t>(found - b.names.begin())], tolerance))
      return false;
  }
  return true;
}

}  // namespace starling::models

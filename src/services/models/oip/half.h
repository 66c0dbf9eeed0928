// The two 16-bit floating-point types: FP16 is IEEE 754 binary16, BF16 the upper half of a binary32. Both ways round to the nearest,
// ties to even, from the double itself, so that nothing is rounded twice.
#pragma once

#include <cstdint>

namespace starling::models::oip {

double Fp16ToDouble(uint16_t bits);
double Bf16ToDouble(uint16_t bits);

// Infinity for what is past the type's range.
uint16_t DoubleToFp16(double value);
uint16_t DoubleToBf16(double value);

inline constexpr uint16_t kFp16Infinity = 0x7C00;
inline constexpr uint16_t kBf16Infinity = 0x7F80;
inline constexpr uint16_t kHalfSign = 0x8000;

}  // namespace starling::models::oip

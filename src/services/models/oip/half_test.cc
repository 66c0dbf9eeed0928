#include "services/models/oip/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>

namespace starling::models::oip {
namespace {

// Every value there is comes back as itself.
TEST(HalfTest, EveryValueReadsBackAsItself) {
  for (uint32_t bits = 0; bits <= UINT16_MAX; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const double fp16 = Fp16ToDouble(half);
    const double bf16 = Bf16ToDouble(half);
    if (!std::isnan(fp16)) {
      ASSERT_EQ(DoubleToFp16(fp16), half) << bits;
    }
    if (!std::isnan(bf16)) {
      ASSERT_EQ(DoubleToBf16(bf16), half) << bits;
    }
    ASSERT_EQ(std::isnan(fp16), (bits & 0x7C00) == 0x7C00 && (bits & 0x3FF) != 0) << bits;
    // BF16 is the upper half of a float.
    const auto upper = std::bit_cast<float>(bits << 16);
    if (!std::isnan(upper)) {
      ASSERT_EQ(static_cast<double>(upper), bf16) << bits;
    }
  }
}

TEST(HalfTest, KnownValues) {
  EXPECT_EQ(Fp16ToDouble(0x3C00), 1);
  EXPECT_EQ(Fp16ToDouble(0x7BFF), 65504);
  EXPECT_EQ(Fp16ToDouble(0x0001), std::ldexp(1, -24));
  EXPECT_EQ(DoubleToFp16(-2), 0xC000);
  EXPECT_EQ(DoubleToBf16(1), 0x3F80);
}

TEST(HalfTest, RoundsToTheNearestAndTiesToEven) {
  const double step = std::ldexp(1, -10);  // between 1 and 2
  EXPECT_EQ(DoubleToFp16(1 + step / 2), 0x3C00);
  EXPECT_EQ(DoubleToFp16(1 + step * 1.5), 0x3C02);
  EXPECT_EQ(DoubleToFp16(std::nextafter(1 + step / 2, 2)), 0x3C01);
  EXPECT_EQ(DoubleToFp16(65519.99), 0x7BFF);
  EXPECT_EQ(DoubleToFp16(65520), kFp16Infinity);
  EXPECT_EQ(DoubleToFp16(std::ldexp(1, -25)), 0);  // half of the smallest: ties to even
  EXPECT_EQ(DoubleToFp16(std::nextafter(std::ldexp(1, -25), 1)), 1);
  EXPECT_EQ(DoubleToFp16(std::ldexp(1, -14) - std::ldexp(1, -26)), 0x0400);  // a carry out of the subnormals
  EXPECT_EQ(DoubleToFp16(1e-300), 0);
  EXPECT_EQ(DoubleToBf16(1e300), kBf16Infinity);
  EXPECT_EQ(DoubleToFp16(-INFINITY), kHalfSign | kFp16Infinity);
}

}  // namespace
}  // namespace starling::models::oip

#include "services/models/traffic/tensor_difference.h"

#include <gtest/gtest.h>

#include <cmath>

namespace starling::models {
namespace {

using inference::DataType;

template <typename T>
NamedOutputs Of(DataType type, std::vector<T> values, const std::string& name = "y") {
  return {{name}, {inference::MakeTensor<T>(type, {static_cast<int64_t>(values.size())}, values)}};
}

NamedOutputs Floats(std::vector<float> values) { return Of<float>(DataType::kFp32, std::move(values)); }

TEST(TensorDifferenceTest, FloatsAgreeWithinEitherTolerance) {
  EXPECT_TRUE(Agree(Floats({1, 2}), Floats({1, 2}), {}));
  EXPECT_FALSE(Agree(Floats({1, 2}), Floats({1, 2.001f}), {}));
  EXPECT_TRUE(Agree(Floats({1, 2}), Floats({1, 2.001f}), {.absolute = 0.01, .relative = 0}));
  EXPECT_TRUE(Agree(Floats({1, 2000}), Floats({1, 2001}), {.absolute = 0, .relative = 0.001}));
  EXPECT_FALSE(Agree(Floats({1, 2000}), Floats({1, 2003}), {.absolute = 0.5, .relative = 0.001}));
}

TEST(TensorDifferenceTest, WhatIsNoNumberAgreesWithItsLikeAlone) {
  const float nan = std::nanf(""), infinite = HUGE_VALF;
  EXPECT_TRUE(Agree(Floats({nan, 1}), Floats({-nan, 1.1f}), {.absolute = 1, .relative = 1}));
  EXPECT_FALSE(Agree(Floats({nan}), Floats({1}), {.absolute = 1e9, .relative = 1}));
  EXPECT_FALSE(Agree(Floats({infinite}), Floats({1}), {.absolute = 1e9, .relative = 1}));
  EXPECT_TRUE(Agree(Floats({0.0f}), Floats({-0.0f}), {}));
}

TEST(TensorDifferenceTest, HalvesAreNumbersToo) {
  // 1.0 and the next larger: 1.0009765625 and 1.0078125.
  const auto half = [](uint16_t bits) { return Of<uint16_t>(DataType::kFp16, {bits}); };
  const auto brain = [](uint16_t bits) { return Of<uint16_t>(DataType::kBf16, {bits}); };
  EXPECT_TRUE(Agree(half(0x3c00), half(0x3c01), {.absolute = 0.00098, .relative = 0}));
  EXPECT_FALSE(Agree(half(0x3c00), half(0x3c01), {.absolute = 0.00097, .relative = 0}));
  EXPECT_TRUE(Agree(brain(0x3f80), brain(0x3f81), {.absolute = 0.0079, .relative = 0}));
  EXPECT_FALSE(Agree(brain(0x3f80), brain(0x3f81), {.absolute = 0.0078, .relative = 0}));
}

TEST(TensorDifferenceTest, OtherTypesShapesAndNamesMustBeTheSame) {
  const Tolerance wide = {.absolute = 100, .relative = 1};
  EXPECT_TRUE(Agree(Of<int64_t>(DataType::kInt64, {1}), Of<int64_t>(DataType::kInt64, {1}), wide));
  EXPECT_FALSE(Agree(Of<int64_t>(DataType::kInt64, {1}), Of<int64_t>(DataType::kInt64, {2}), wide));
  EXPECT_FALSE(Agree(Floats({1}), Floats({1, 1}), wide));
  EXPECT_FALSE(Agree(Floats({1}), Of<double>(DataType::kFp64, {1}), wide));
  EXPECT_FALSE(Agree(Floats({1}), Of<float>(DataType::kFp32, {1}, "z"), wide));
  EXPECT_FALSE(Agree(Floats({1}), {}, wide));
}

}  // namespace
}  // namespace starling::models

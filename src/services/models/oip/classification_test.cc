#include "services/models/oip/classification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "services/models/oip/half.h"

namespace starling::models::oip {
namespace {

using inference::DataType;
using inference::MakeTensor;
using inference::Shape;
using testing::ElementsAre;

std::vector<std::string_view> Words(const inference::Tensor& tensor) {
  return *inference::ReadByteStrings(tensor);
}

TEST(ClassificationTest, TheHighestOfEachRowWithLabels) {
  const std::vector<float> values = {1, 5, 10, 4, 0.5f, 0.5f, -1, 0};
  const auto output = MakeTensor<float>(DataType::kFp32, {2, 4}, values);
  const std::vector<std::string> labels = {"a", "b", "c"};
  const auto classes = Classify("y", output, 2, true, labels);
  ASSERT_TRUE(classes.ok()) << classes.status();
  EXPECT_EQ(classes->shape, Shape({2, 2}));
  EXPECT_THAT(Words(*classes), ElementsAre("10:2:c", "5:1:b", "0.5:0:a", "0.5:1:b"));
}

TEST(ClassificationTest, WithoutABatchAndWithFewerClassesThanAsked) {
  const std::vector<int8_t> values = {-3, 7};
  const auto classes = Classify("y", MakeTensor<int8_t>(DataType::kInt8, {2}, values), 9, false, {});
  ASSERT_TRUE(classes.ok()) << classes.status();
  EXPECT_EQ(classes->shape, Shape({2}));
  EXPECT_THAT(Words(*classes), ElementsAre("7:1", "-3:0"));
}

TEST(ClassificationTest, NanIsLowestAndHalvesAreNumbers) {
  const std::vector<double> values = {NAN, 1, NAN};
  EXPECT_THAT(Words(*Classify("y", MakeTensor<double>(DataType::kFp64, {3}, values), 1, false, {})),
              ElementsAre("1:1"));
  const std::vector<uint16_t> halves = {DoubleToFp16(0.25), DoubleToFp16(2)};
  EXPECT_THAT(Words(*Classify("y", MakeTensor<uint16_t>(DataType::kFp16, {2}, halves), 1, false, {})),
              ElementsAre("2:1"));
}

TEST(ClassificationTest, WhatHasNoClassesIsRefused) {
  const std::vector<std::string_view> words = {"a"};
  EXPECT_FALSE(Classify("y", inference::MakeBytesTensor({1}, words), 1, false, {}).ok());
  const std::vector<float> values = {1};
  EXPECT_FALSE(Classify("y", MakeTensor<float>(DataType::kFp32, {1}, values), 0, false, {}).ok());
}

}  // namespace
}  // namespace starling::models::oip

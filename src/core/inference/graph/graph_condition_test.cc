#include "core/inference/graph/graph_condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace starling::inference {
namespace {

using testing::HasSubstr;

std::optional<size_t> OneStep(std::string_view name) {
  if (name == "request") return GraphTensor::kRequest;
  return name == "s" ? std::optional<size_t>(0) : std::nullopt;
}

absl::StatusOr<bool> Judge(std::string_view condition, const Tensor& tensor, bool has_batch = true) {
  ASSIGN_OR_RETURN(const GraphCondition parsed, ParseCondition(condition, OneStep));
  return Holds(parsed, tensor, has_batch);
}

Tensor Floats(Shape shape, const std::vector<float>& values) {
  return MakeTensor<float>(DataType::kFp32, std::move(shape), values);
}

TEST(GraphConditionTest, ComparesNumbers) {
  const Tensor two = Floats({1}, {2});
  EXPECT_TRUE(*Judge("s.y == 2", two));
  EXPECT_FALSE(*Judge("s.y != 2", two));
  EXPECT_FALSE(*Judge("s.y < 2", two));
  EXPECT_TRUE(*Judge("s.y <= 2", two));
  EXPECT_FALSE(*Judge("s.y > 2", two));
  EXPECT_TRUE(*Judge("s.y>=2.0e0", two));
  const std::vector<int64_t> value = {-3};
  EXPECT_TRUE(*Judge("s.y < -2.5", MakeTensor<int64_t>(DataType::kInt64, {1, 1}, value)));
}

TEST(GraphConditionTest, ComparesTexts) {
  const std::vector<std::string_view> value = {"de"};
  const Tensor text = MakeBytesTensor({1}, value);
  EXPECT_TRUE(*Judge("s.y == de", text));
  EXPECT_TRUE(*Judge("s.y != en", text));
  EXPECT_THAT(Message(Judge("s.y < en", text).status()), HasSubstr("== and != alone"));
  EXPECT_THAT(Message(Judge("s.y == de", Floats({1}, {1})).status()), HasSubstr("'de' is no number"));
}

TEST(GraphConditionTest, AnElementOfEachRowCounts) {
  const Tensor rows = Floats({2, 3}, {1, 5, 9, 1, 6, 0});
  EXPECT_TRUE(*Judge("s.y[1] > 4", rows));
  EXPECT_TRUE(*Judge("s.y == 1", rows));
  EXPECT_THAT(Message(Judge("s.y[2] > 4", rows).status()), HasSubstr("send them one by one"));
  EXPECT_THAT(Message(Judge("s.y[3] > 4", rows).status()), HasSubstr("there are 3 elements"));
  EXPECT_TRUE(*Judge("s.y[5] == 0", rows, false));
}

TEST(GraphConditionTest, FillsTensors) {
  const auto halves = FilledTensor(DataType::kFp32, {2, 2}, "0.5");
  ASSERT_TRUE(halves.ok());
  EXPECT_EQ(std::vector<float>(halves->Values<float>().begin(), halves->Values<float>().end()),
            std::vector<float>(4, 0.5F));
  EXPECT_EQ(FilledTensor(DataType::kUint8, {1}, "255")->Values<uint8_t>()[0], 255);
  for (const char* wrong : {"256", "-1", "0.5", "x", "nan"}) {
    EXPECT_FALSE(FilledTensor(DataType::kUint8, {1}, wrong).ok()) << wrong;
  }
  EXPECT_EQ((*ReadByteStrings(*FilledTensor(DataType::kBytes, {1}, "none")))[0], "none");
}

}  // namespace
}  // namespace starling::inference

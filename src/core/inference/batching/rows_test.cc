#include "core/inference/batching/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace starling::inference {
namespace {

using testing::ElementsAre;

const std::vector<TensorSpec> kSpecs = {{"ids", DataType::kInt64, {-1, -1}},
                                        {"point", DataType::kFp32, {-1, 2}}};

Row MakeRow(std::vector<int64_t> ids, std::vector<float> point) {
  const Shape shape = {static_cast<int64_t>(ids.size())};
  return {MakeTensor<int64_t>(DataType::kInt64, shape, ids), MakeTensor<float>(DataType::kFp32, {2}, point)};
}

TEST(RowsTest, FreeSizesArePaddedAndFixedOnesAreNot) {
  const Row a = MakeRow({1, 2, 3}, {0.5, 1});
  const Row b = MakeRow({4}, {2, 3});
  const std::vector<const Row*> rows = {&a, &b};
  const auto stacked = StackRows(kSpecs, rows, 4);
  ASSERT_TRUE(stacked.ok()) << stacked.status();
  EXPECT_EQ((*stacked)[0].shape, Shape({2, 4}));
  EXPECT_THAT((*stacked)[0].Values<int64_t>(), ElementsAre(1, 2, 3, 0, 4, 0, 0, 0));
  EXPECT_EQ((*stacked)[1].shape, Shape({2, 2}));
  EXPECT_THAT((*stacked)[1].Values<float>(), ElementsAre(0.5, 1, 2, 3));
}

TEST(RowsTest, UnstackingIsTheWayBack) {
  const Row a = MakeRow({1, 2}, {0.5, 1});
  const Row b = MakeRow({3, 4}, {2, 3});
  const std::vector<const Row*> rows = {&a, &b};
  const auto apart = UnstackRows(*StackRows(kSpecs, rows, 2), 2);
  ASSERT_TRUE(apart.ok()) << apart.status();
  EXPECT_THAT((*apart)[1][0].Values<int64_t>(), ElementsAre(3, 4));
  EXPECT_THAT((*apart)[0][1].Values<float>(), ElementsAre(0.5, 1));
  EXPECT_EQ(UnstackRows(*StackRows(kSpecs, rows, 2), 3).status().code(), absl::StatusCode::kInternal);
}

TEST(RowsTest, ByteStringsAreStackedPaddedAndCutApart) {
  const std::vector<TensorSpec> specs = {{"words", DataType::kBytes, {-1, -1}}};
  const std::vector<std::string_view> three = {"one", "", "three"};
  const std::vector<std::string_view> one = {"four"};
  const Row a = {MakeBytesTensor({3}, three)};
  const Row b = {MakeBytesTensor({1}, one)};
  ASSERT_TRUE(CheckRow(specs, a).ok());
  const std::vector<const Row*> rows = {&a, &b};
  const auto stacked = StackRows(specs, rows, 3);
  ASSERT_TRUE(stacked.ok()) << stacked.status();
  EXPECT_THAT(*ReadByteStrings((*stacked)[0]), ElementsAre("one", "", "three", "four", "", ""));
  const auto apart = UnstackRows(*stacked, 2);
  ASSERT_TRUE(apart.ok()) << apart.status();
  EXPECT_THAT(*ReadByteStrings((*apart)[0][0]), ElementsAre("one", "", "three"));
  EXPECT_THAT(*ReadByteStrings((*apart)[1][0]), ElementsAre("four", "", ""));
}

TEST(RowsTest, ByteStringsThatAreNotWhatTheShapeSaysAreRefused) {
  const std::vector<std::string_view> two = {"one", "two"};
  Tensor tensor = MakeBytesTensor({2}, two);
  EXPECT_TRUE(ReadByteStrings(tensor).ok());
  for (const Shape& shape : {Shape{1}, Shape{3}, Shape{int64_t{1} << 40}}) {
    tensor.shape = shape;
    EXPECT_EQ(ReadByteStrings(tensor).status().code(), absl::StatusCode::kInvalidArgument) << ToString(shape);
  }
  tensor.shape = {2};
  tensor.data = tensor.data.Slice(0, tensor.data.size() - 1);
  EXPECT_EQ(CheckRow(std::vector<TensorSpec>{{"words", DataType::kBytes, {-1, 2}}}, {tensor}).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(RowsTest, RowsThatDifferInALaterSizeAreRefused) {
  const std::vector<TensorSpec> specs = {{"image", DataType::kFp32, {-1, -1, -1}}};
  const Row a = {TensorBuffer(DataType::kFp32, {2, 3}).Freeze()};
  const Row b = {TensorBuffer(DataType::kFp32, {2, 4}).Freeze()};
  const std::vector<const Row*> rows = {&a, &b};
  EXPECT_EQ(StackRows(specs, rows, 2).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(RowsTest, AWrongRowNamesItsInput) {
  EXPECT_TRUE(CheckRow(kSpecs, MakeRow({1}, {1, 2})).ok());
  Row row = MakeRow({1}, {1, 2});
  row[1].shape = {3};
  EXPECT_EQ(Message(CheckRow(kSpecs, row)),
            "Input 'point' must have the shape [-1,2]; one row of the request has [3].");
  row = MakeRow({1}, {1, 2});
  row[0].shape = {5};
  EXPECT_EQ(Message(CheckRow(kSpecs, row)), "Input 'ids' has 8 bytes; INT64[5] needs 40.");
  row.pop_back();
  EXPECT_EQ(Message(CheckRow(kSpecs, row)), "The model has 2 inputs, the request 1.");
}

TEST(TensorTest, DataTypesHaveTheNamesOfTheProtocol) {
  for (const std::string_view name : {"BOOL", "UINT8", "INT64", "FP16", "FP32", "FP64", "BF16", "BYTES"}) {
    EXPECT_EQ(Name(*ParseDataType(name)), name);
  }
  EXPECT_FALSE(ParseDataType("float").ok());
  EXPECT_EQ(BytesPerElement(DataType::kInt64), 8u);
}

}  // namespace
}  // namespace starling::inference

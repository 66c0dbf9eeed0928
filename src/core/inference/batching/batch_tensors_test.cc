#include "core/inference/batching/batch_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "core/async/spawn.h"
#include "core/inference/batching/batcher.h"
#include "core/inference/fake_runtime.h"

namespace starling::inference {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<TensorSpec> kSpecs = {{"point", DataType::kFp32, {-1, 2}},
                                        {"name", DataType::kBytes, {-1, 1}}};

std::vector<Tensor> TwoRows() {
  const std::vector<std::string_view> names = {"left", ""};
  return {MakeTensor<float>(DataType::kFp32, {2, 2}, std::vector<float>{1, 2, 3, 4}),
          MakeBytesTensor({2, 1}, names)};
}

TEST(BatchTensorsTest, RowsShareTheElementsAndJoinToWhatTheyWere) {
  const auto tensors = TwoRows();
  ASSERT_TRUE(CheckInputs(kSpecs, tensors).ok());
  const auto rows = SplitBatch(kSpecs, tensors);
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ((*rows)[1][0].data.data(), tensors[0].data.data() + 8);
  EXPECT_THAT(*ReadByteStrings((*rows)[0][1]), ElementsAre("left"));
  EXPECT_THAT(*ReadByteStrings((*rows)[1][1]), ElementsAre(""));
  const auto joined = JoinBatch(*rows);
  ASSERT_TRUE(joined.ok()) << joined.status();
  EXPECT_EQ((*joined)[0].shape, Shape({2, 2}));
  EXPECT_EQ((*joined)[0].data.view(), tensors[0].data.view());
  EXPECT_EQ((*joined)[1].data.view(), tensors[1].data.view());
  const auto single = JoinBatch({rows->data(), 1});
  EXPECT_EQ((*single)[0].data.data(), tensors[0].data.data());
}

TEST(BatchTensorsTest, BytesStackAndUnstack) {
  const std::vector<TensorSpec> specs = {{"words", DataType::kBytes, {-1, -1}}};
  const Row two = {MakeBytesTensor({2}, std::vector<std::string_view>{"a", "bcd"})};
  const Row one = {MakeBytesTensor({1}, std::vector<std::string_view>{"ef"})};
  const std::vector<const Row*> rows = {&two, &one};
  const auto stacked = StackRows(specs, rows, 2);
  ASSERT_TRUE(stacked.ok()) << stacked.status();
  EXPECT_EQ((*stacked)[0].shape, Shape({2, 2}));
  EXPECT_THAT(*ReadByteStrings((*stacked)[0]), ElementsAre("a", "bcd", "ef", ""));
  const auto back = UnstackRows(*stacked, 2);
  EXPECT_THAT(*ReadByteStrings((*back)[0][0]), ElementsAre("a", "bcd"));
  EXPECT_THAT(*ReadByteStrings((*back)[1][0]), ElementsAre("ef", ""));
}

TEST(BatchTensorsTest, SaysWhichInputIsWrong) {
  const auto says = [](std::vector<Tensor> tensors, std::string_view what) {
    absl::Status status = CheckInputs(kSpecs, tensors);
    if (status.ok()) status = SplitBatch(kSpecs, tensors).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(Message(status)), HasSubstr(std::string(what)));
  };
  auto tensors = TwoRows();
  says({tensors[0]}, "2 inputs, the request 1");
  says({tensors[0], tensors[0]}, "'name' must be BYTES, not FP32");
  tensors[0].shape = {4, 1};
  says(tensors, "'point' must have the shape [-1,2], not [4,1]");
  tensors[0].shape = {1, 2};
  says(tensors, "'point' has 16 bytes; FP32[1,2] needs 8");
  tensors[0].data = tensors[0].data.Slice(0, 8);
  says(tensors, "'point' has 1, 'name' 2");
  tensors = TwoRows();
  tensors[1].data = tensors[1].data.Slice(0, 7);
  says(tensors, "Input 'name': The 7 bytes are not the 2 elements");
  tensors[0].shape = {-2, 2};
  says(tensors, "negative");
  tensors[0].shape = {int64_t{1} << 62, 2};
  says(tensors, "too large");
  tensors[0] = Tensor{DataType::kFp32, {0, 2}, Bytes()};
  tensors[1] = Tensor{DataType::kBytes, {0, 1}, Bytes()};
  says(tensors, "'point' has no rows");
}

// Runs through a batcher whose instance doubles "point" and keeps what it was given.
class WholeTensorsTest : public testing::Test {
 protected:
  absl::StatusOr<std::vector<Tensor>> Run(BatcherOptions options, std::vector<TensorSpec> specs,
                                          std::vector<Tensor> inputs) {
    const auto run = [this](std::span<const Tensor> given) -> absl::StatusOr<std::vector<Tensor>> {
      seen_.push_back(given[0]);
      TensorBuffer doubled(DataType::kFp32, given[0].shape);
      for (size_t i = 0; i < doubled.Values<float>().size(); ++i)
        doubled.Values<float>()[i] = 2 * given[0].Values<float>()[i];
      std::vector<Tensor> outputs;
      outputs.push_back(std::move(doubled).Freeze());
      return outputs;
    };
    std::vector<std::unique_ptr<Instance>> seats;
    seats.push_back(std::make_unique<FakeInstance>(run));
    options.name = "whole";
    options.pads = false;
    Batcher batcher(options, std::move(specs), std::move(seats), {});
    return async::BlockOn(batcher.RunTensors(RequestContext(), std::move(inputs), &times_));
  }
  static Tensor Floats(Shape shape) {
    std::vector<float> values(static_cast<size_t>(ElementCount(shape)));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    return MakeTensor<float>(DataType::kFp32, std::move(shape), values);
  }

  std::vector<Tensor> seen_;
  CallTimes times_;
};

TEST_F(WholeTensorsTest, ARequestThatIsARunReachesTheInstanceUncopied) {
  const Tensor input = Floats({5, 3});
  const auto outputs = Run({}, {{"x", DataType::kFp32, {-1, 3}}}, {input});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  ASSERT_EQ(seen_.size(), 1u);
  EXPECT_EQ(seen_[0].data.data(), input.data.data());
  EXPECT_EQ((*outputs)[0].shape, Shape({5, 3}));
  EXPECT_EQ((*outputs)[0].Values<float>()[14], 28);
  EXPECT_GT(times_.compute.count(), 0);
}

TEST_F(WholeTensorsTest, ALargeBatchIsSeveralRunsAndOneAnswer) {
  const auto outputs = Run({.run = {.max_rows = 2}}, {{"x", DataType::kFp32, {-1, 3}}}, {Floats({5, 3})});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ(seen_.size(), 3u);
  EXPECT_EQ((*outputs)[0].shape, Shape({5, 3}));
  for (size_t i = 0; i < 15; ++i) EXPECT_EQ((*outputs)[0].Values<float>()[i], 2 * static_cast<float>(i));
}

TEST_F(WholeTensorsTest, WithoutBatchingTheFirstSizeIsLikeAnyOther) {
  const Tensor input = Floats({3});
  const auto outputs = Run({.batches = false}, {{"x", DataType::kFp32, {3}}}, {input});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ(seen_[0].data.data(), input.data.data());
  EXPECT_EQ((*outputs)[0].shape, Shape({3}));
}

TEST_F(WholeTensorsTest, ElementsThatLieAnywhereAreMovedToWhereTheyCanBeRead) {
  const Tensor input = Floats({1, 3});
  std::string shifted = "x" + std::string(input.data.view());
  const Bytes data(std::move(shifted));
  const auto outputs = Run({}, {{"x", DataType::kFp32, {-1, 3}}}, {{DataType::kFp32, {1, 3}, data.Slice(1)}});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_EQ(reinterpret_cast<uintptr_t>(seen_[0].data.data()) % 4, 0u);
  EXPECT_THAT((*outputs)[0].Values<float>(), ElementsAre(0, 2, 4));
}

}  // namespace
}  // namespace starling::inference

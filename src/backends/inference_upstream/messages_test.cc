#include "backends/inference_upstream/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/status.h"

namespace starling::inference_upstream {
namespace {

using inference::DataType;
using Response = ::inference::ModelInferResponse;

const std::vector<TensorSpec> kOutputs = {{"y", DataType::kFp32, {-1, 2}}, {"name", DataType::kBytes, {-1}}};

// One row of each output, raw.
std::shared_ptr<Response> Right() {
  auto response = std::make_shared<Response>();
  auto* name = response->add_outputs();  // in another order than asked for
  name->set_name("name");
  name->set_datatype("BYTES");
  name->add_shape(1);
  auto* y = response->add_outputs();
  y->set_name("y");
  y->set_datatype("FP32");
  y->add_shape(1);
  y->add_shape(2);
  response->add_raw_output_contents(std::string("\2\0\0\0hi", 6));
  const float values[] = {1.5F, -2};
  response->add_raw_output_contents(values, sizeof(values));
  return response;
}

TEST(MessagesTest, OutputsComeInTheOrderTheyWereAskedFor) {
  const auto tensors = ReadResponse(Right(), kOutputs);
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  EXPECT_THAT((*tensors)[0].Values<float>(), testing::ElementsAre(1.5F, -2));
  EXPECT_THAT(*ReadByteStrings((*tensors)[1]), testing::ElementsAre("hi"));
}

TEST(MessagesTest, WhateverIsNotAsPromisedIsRefused) {
  const std::vector<std::function<void(Response&)>> changes = {
      [](Response& r) { r.Clear(); },
      [](Response& r) { r.mutable_outputs(0)->set_name("other"); },
      [](Response& r) { r.mutable_outputs(1)->set_datatype("FP64"); },
      [](Response& r) { r.mutable_outputs(1)->set_datatype("nonsense"); },
      [](Response& r) { r.mutable_outputs(1)->add_shape(1); },
      [](Response& r) { r.mutable_outputs(1)->clear_shape(); },
      [](Response& r) { r.mutable_outputs(1)->set_shape(1, 3); },
      [](Response& r) { r.mutable_outputs(1)->set_shape(0, -1); },
      [](Response& r) { r.mutable_outputs(1)->set_shape(0, int64_t{1} << 62); },
      [](Response& r) { r.mutable_outputs(0)->set_shape(0, int64_t{1} << 40); },
      [](Response& r) { r.mutable_outputs(0)->set_shape(0, 2); },
      [](Response& r) { r.mutable_raw_output_contents(1)->pop_back(); },
      [](Response& r) { r.mutable_raw_output_contents(1)->push_back('x'); },
      [](Response& r) { r.set_raw_output_contents(0, std::string("\xff\xff\xff\xffhi", 6)); },
      [](Response& r) { r.mutable_raw_output_contents()->RemoveLast(); },
      [](Response& r) { r.add_raw_output_contents("more"); },
      [](Response& r) { r.clear_raw_output_contents(); },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    const auto response = Right();
    changes[i](*response);
    EXPECT_EQ(ReadResponse(response, kOutputs).status().code(), absl::StatusCode::kInternal) << i;
  }
}

// The tensor of two elements whose typed contents `fill` writes.
absl::StatusOr<Tensor> Typed(DataType datatype,
                             const std::function<void(::inference::InferTensorContents&)>& fill) {
  const auto response = std::make_shared<Response>();
  auto* output = response->add_outputs();
  output->set_name("y");
  output->set_datatype(std::string(inference::Name(datatype)));
  output->add_shape(2);
  fill(*output->mutable_contents());
  const std::vector<TensorSpec> specs = {{"y", datatype, {-1}}};
  auto tensors = ReadResponse(response, specs);
  if (!tensors.ok()) return tensors.status();
  return (*tensors)[0];
}

TEST(MessagesTest, TypedContentsOfEveryType) {
  const auto ints = [](auto& contents) { contents.add_int_contents(-3), contents.add_int_contents(100); };
  const auto uints = [](auto& contents) { contents.add_uint_contents(3), contents.add_uint_contents(200); };
  EXPECT_THAT(Typed(DataType::kInt8, ints)->Values<int8_t>(), testing::ElementsAre(-3, 100));
  EXPECT_THAT(Typed(DataType::kInt16, ints)->Values<int16_t>(), testing::ElementsAre(-3, 100));
  EXPECT_THAT(Typed(DataType::kInt32, ints)->Values<int32_t>(), testing::ElementsAre(-3, 100));
  EXPECT_THAT(Typed(DataType::kUint8, uints)->Values<uint8_t>(), testing::ElementsAre(3, 200));
  EXPECT_THAT(Typed(DataType::kUint16, uints)->Values<uint16_t>(), testing::ElementsAre(3, 200));
  EXPECT_THAT(Typed(DataType::kUint32, uints)->Values<uint32_t>(), testing::ElementsAre(3, 200));
  EXPECT_THAT(Typed(DataType::kInt64, [](auto& c) { c.add_int64_contents(-1), c.add_int64_contents(1); })
                  ->Values<int64_t>(),
              testing::ElementsAre(-1, 1));
  EXPECT_THAT(
      Typed(DataType::kUint64, [](auto& c) { c.add_uint64_contents(~0ULL), c.add_uint64_contents(1); })
          ->Values<uint64_t>(),
      testing::ElementsAre(~0ULL, 1));
  EXPECT_THAT(Typed(DataType::kFp32, [](auto& c) { c.add_fp32_contents(0.5F), c.add_fp32_contents(2); })
                  ->Values<float>(),
              testing::ElementsAre(0.5F, 2));
  EXPECT_THAT(Typed(DataType::kFp64, [](auto& c) { c.add_fp64_contents(0.5), c.add_fp64_contents(2); })
                  ->Values<double>(),
              testing::ElementsAre(0.5, 2));
  EXPECT_THAT(Typed(DataType::kBool, [](auto& c) { c.add_bool_contents(true), c.add_bool_contents(false); })
                  ->Values<uint8_t>(),
              testing::ElementsAre(1, 0));
  EXPECT_THAT(*ReadByteStrings(*Typed(DataType::kBytes,
                                      [](auto& c) { c.add_bytes_contents("a"), c.add_bytes_contents(""); })),
              testing::ElementsAre("a", ""));
}

TEST(MessagesTest, TypedContentsThatDoNotFitAreRefused) {
  const auto one = [](auto& contents) { contents.add_int_contents(1); };
  const auto large = [](auto& contents) { contents.add_int_contents(1), contents.add_int_contents(128); };
  const auto negative = [](auto& contents) {
    contents.add_int_contents(1), contents.add_int_contents(-32769);
  };
  EXPECT_FALSE(Typed(DataType::kInt32, one).ok());
  EXPECT_FALSE(Typed(DataType::kInt8, large).ok());
  EXPECT_FALSE(Typed(DataType::kInt16, negative).ok());
  EXPECT_FALSE(Typed(DataType::kFp32, large).ok());
  EXPECT_FALSE(Typed(DataType::kFp16, large).ok());
}

TEST(MessagesTest, ARequestNamesModelTensorsAndOutputs) {
  const std::vector<TensorSpec> inputs = {{"x", DataType::kInt64, {-1}}};
  const std::vector<Tensor> tensors = {
      inference::MakeTensor<int64_t>(DataType::kInt64, {2}, std::vector<int64_t>{1, 2})};
  const auto request = MakeRequest({"doubles", "3"}, inputs, tensors, kOutputs);
  EXPECT_EQ(request.model_name(), "doubles");
  EXPECT_EQ(request.model_version(), "3");
  ASSERT_EQ(request.inputs_size(), 1);
  EXPECT_EQ(request.inputs(0).datatype(), "INT64");
  EXPECT_EQ(request.inputs(0).shape(0), 2);
  EXPECT_EQ(request.raw_input_contents(0), tensors[0].data.view());
  EXPECT_EQ(request.outputs(1).name(), "name");
}

}  // namespace
}  // namespace starling::inference_upstream

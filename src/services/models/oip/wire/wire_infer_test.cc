#include "services/models/oip/wire/wire_infer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "core/rpc/convert.h"
#include "inference/infer.pb.h"
#include "services/models/oip/infer_message.h"

// protobuf's own code of the same messages is the judge.
namespace starling::models::oip {
namespace {

namespace pb = ::inference;
using inference::DataType;
using inference::Shape;
using inference::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;

pb::ModelInferRequest::InferInputTensor& AddInput(pb::ModelInferRequest& request, const std::string& name,
                                                  const std::string& datatype,
                                                  const std::vector<int64_t>& shape) {
  auto& input = *request.add_inputs();
  input.set_name(name);
  input.set_datatype(datatype);
  for (const int64_t size : shape) input.add_shape(size);
  return input;
}

std::string Why(const pb::ModelInferRequest& request) {
  const auto read = ReadInferRequest(Bytes(request.SerializeAsString()));
  if (read.ok()) return "accepted";
  EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(Message(read.status()));
}

template <typename T>
std::vector<T> Values(const InferInput& input) {
  const Tensor tensor{input.datatype, input.shape, input.data};
  const auto values = tensor.Values<T>();
  return {values.begin(), values.end()};
}

TEST(WireInferTest, RawContentsAreViewsOfTheMessage) {
  pb::ModelInferRequest message;
  message.set_model_name("m");
  message.set_model_version("3");
  message.set_id("7");
  (*message.mutable_parameters())["n"].set_int64_param(-5);
  (*message.mutable_parameters())["d"].set_double_param(0.5);
  (*message.mutable_parameters())["s"].set_string_param("t");
  (*message.mutable_parameters())["u"].set_uint64_param(UINT64_MAX);
  (*message.mutable_parameters())["b"].set_bool_param(true);
  AddInput(message, "a", "INT8", {2, 2});
  AddInput(message, "b", "FP32", {1});
  message.add_raw_input_contents("\1\2\3\4");
  const float value = 1.5f;
  message.add_raw_input_contents(std::string(reinterpret_cast<const char*>(&value), sizeof(value)));
  auto& output = *message.add_outputs();
  output.set_name("y");
  (*output.mutable_parameters())["classification"].set_int64_param(3);

  const Bytes bytes(message.SerializeAsString());
  const auto read = ReadInferRequest(bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->model_name, "m");
  EXPECT_EQ(read->model_version, "3");
  EXPECT_EQ(read->id, "7");
  EXPECT_EQ(read->parameters.size(), 5u);
  EXPECT_EQ(*read->parameters.Find("n"), Parameter(int64_t{-5}));
  EXPECT_EQ(*read->parameters.Find("u"), Parameter(UINT64_MAX));
  EXPECT_EQ(*read->parameters.Find("d"), Parameter(0.5));
  EXPECT_EQ(**read->outputs[0].parameters.Count("classification"), 3u);
  EXPECT_EQ(read->inputs[0].shape, Shape({2, 2}));
  EXPECT_THAT(Values<int8_t>(read->inputs[0]), ElementsAre(1, 2, 3, 4));
  EXPECT_GE(read->inputs[0].data.data(), bytes.data());
  EXPECT_LT(read->inputs[0].data.data(), bytes.data() + bytes.size());
  EXPECT_THAT(Values<float>(read->inputs[1]), ElementsAre(1.5f));
}

TEST(WireInferTest, TypedContents) {
  pb::ModelInferRequest message;
  AddInput(message, "bool", "BOOL", {2}).mutable_contents()->add_bool_contents(true);
  message.mutable_inputs(0)->mutable_contents()->add_bool_contents(false);
  AddInput(message, "i8", "INT8", {1}).mutable_contents()->add_int_contents(-128);
  AddInput(message, "i64", "INT64", {1}).mutable_contents()->add_int64_contents(INT64_MIN);
  AddInput(message, "u16", "UINT16", {1}).mutable_contents()->add_uint_contents(65535);
  AddInput(message, "u64", "UINT64", {1}).mutable_contents()->add_uint64_contents(UINT64_MAX);
  AddInput(message, "f", "FP32", {1}).mutable_contents()->add_fp32_contents(-0.5f);
  AddInput(message, "d", "FP64", {1}).mutable_contents()->add_fp64_contents(0.1);
  AddInput(message, "s", "BYTES", {2}).mutable_contents()->add_bytes_contents("");
  message.mutable_inputs(7)->mutable_contents()->add_bytes_contents("\xff");
  const auto read = ReadInferRequest(Bytes(message.SerializeAsString()));
  ASSERT_TRUE(read.ok()) << read.status();
  const auto& inputs = read->inputs;
  EXPECT_THAT(Values<uint8_t>(inputs[0]), ElementsAre(1, 0));
  EXPECT_THAT(Values<int8_t>(inputs[1]), ElementsAre(-128));
  EXPECT_THAT(Values<int64_t>(inputs[2]), ElementsAre(INT64_MIN));
  EXPECT_THAT(Values<uint16_t>(inputs[3]), ElementsAre(65535));
  EXPECT_THAT(Values<uint64_t>(inputs[4]), ElementsAre(UINT64_MAX));
  EXPECT_THAT(Values<float>(inputs[5]), ElementsAre(-0.5f));
  EXPECT_THAT(Values<double>(inputs[6]), ElementsAre(0.1));
  EXPECT_THAT(*inference::ReadByteStrings({DataType::kBytes, {2}, inputs[7].data}), ElementsAre("", "\xff"));
}

TEST(WireInferTest, WhatDoesNotFitIsRefused) {
  pb::ModelInferRequest message;
  auto& input = AddInput(message, "x", "INT8", {1});
  input.mutable_contents()->add_int_contents(128);
  EXPECT_THAT(Why(message), HasSubstr("element 0 is past the range of INT8"));
  input.mutable_contents()->set_int_contents(0, 1);
  EXPECT_EQ(Why(message), "accepted");
  input.set_shape(0, 2);
  EXPECT_THAT(Why(message), HasSubstr("takes 2"));
  input.set_shape(0, -1);
  EXPECT_THAT(Why(message), HasSubstr("must not be negative"));
  input.set_shape(0, int64_t{1} << 40);
  EXPECT_THAT(Why(message), HasSubstr("which its contents do not have"));
  input.add_shape(INT64_MAX);
  EXPECT_THAT(Why(message), HasSubstr("no memory can hold"));
  input.clear_shape();
  input.add_shape(1);
  input.set_datatype("FP32");
  EXPECT_THAT(Why(message), HasSubstr("not of the type FP32"));
  input.set_datatype("FP16");
  EXPECT_NE(Why(message), "accepted");
  input.set_datatype("INT9");
  EXPECT_THAT(Why(message), HasSubstr("'INT9' is no data type"));
  input.set_datatype("INT8");
  message.add_raw_input_contents("\1");
  EXPECT_THAT(Why(message), HasSubstr("has contents"));
  input.clear_contents();
  EXPECT_EQ(Why(message), "accepted");
  message.add_raw_input_contents("\1");
  EXPECT_THAT(Why(message), HasSubstr("has 2 items for 1 inputs"));
  AddInput(message, "x", "INT8", {1});
  EXPECT_THAT(Why(message), HasSubstr("two inputs 'x'"));
}

TEST(WireInferTest, TruncatedMessagesAreRefusedOrShorter) {
  pb::ModelInferRequest message;
  message.set_model_name("model");
  AddInput(message, "x", "INT32", {1});
  message.add_raw_input_contents("1234");
  const std::string whole = message.SerializeAsString();
  for (size_t size = 0; size < whole.size(); ++size) {
    (void)ReadInferRequest(Bytes(whole.substr(0, size)));
  }
  EXPECT_FALSE(ReadInferRequest(Bytes(whole.substr(0, whole.size() - 1))).ok());
}

InferResponse Response() {
  InferResponse response{.model_name = "m", .model_version = "1", .id = "i", .parameters = {}, .outputs = {}};
  response.parameters.Add("final", true);
  const std::vector<float> values = {1, 2};
  response.outputs.push_back({"y", {}, inference::MakeTensor<float>(DataType::kFp32, {1, 2}, values)});
  InferOutput shared{"z", {}, {DataType::kInt64, {4}, Bytes()}};
  shared.parameters.Add(kSharedMemoryRegion, "r");
  response.outputs.push_back(shared);
  return response;
}

TEST(WireInferTest, AResponseIsWhatProtobufReads) {
  const auto payload = MakePayload<InferResponseMessage>(Response());
  const auto bytes = rpc::Encode(payload);
  ASSERT_TRUE(bytes.ok());
  pb::ModelInferResponse message;
  ASSERT_TRUE(message.ParseFromString(std::string(bytes->view())));
  EXPECT_EQ(message.model_name(), "m");
  EXPECT_EQ(message.id(), "i");
  EXPECT_TRUE(message.parameters().at("final").bool_param());
  EXPECT_EQ(message.outputs(0).datatype(), "FP32");
  EXPECT_THAT(message.outputs(0).shape(), ElementsAre(1, 2));
  EXPECT_EQ(message.outputs(1).parameters().at("shared_memory_region").string_param(), "r");
  ASSERT_EQ(message.raw_output_contents_size(), 2);
  EXPECT_EQ(message.raw_output_contents(0).size(), 8u);
  EXPECT_EQ(message.raw_output_contents(1), "");

  const auto back = rpc::Decode(rpc::Payload::Encoded(*bytes), InferResponseType());
  ASSERT_TRUE(back.ok()) << back.status();
  const auto& read = static_cast<const InferResponseMessage&>(back->message()).value;
  EXPECT_THAT(read.outputs[0].tensor.Values<float>(), ElementsAre(1, 2));
  EXPECT_EQ(read.outputs[1].tensor.shape, Shape({4}));
}

TEST(WireInferTest, ARequestComesBackAsItWas) {
  InferRequest request;
  request.model_name = "m";
  request.inputs.push_back({"x", DataType::kInt16, {1}, {}, Bytes("ab")});
  request.outputs.push_back({"y", {}});
  request.outputs[0].parameters.Add("classification", int64_t{1});
  const auto bytes = rpc::Encode(MakePayload<InferRequestMessage>(request));
  ASSERT_TRUE(bytes.ok());
  const auto read = ReadInferRequest(*bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->inputs[0].data.view(), "ab");
  EXPECT_EQ(read->outputs[0].name, "y");
}

TEST(WireInferTest, StreamedResponses) {
  const auto good = rpc::Encode(MakePayload<StreamedInferMessage>({"", Response()}));
  const auto bad = rpc::Encode(MakePayload<StreamedInferMessage>({"It broke.", {}}));
  ASSERT_TRUE(good.ok() && bad.ok());
  pb::ModelStreamInferResponse message;
  ASSERT_TRUE(message.ParseFromString(std::string(good->view())));
  EXPECT_EQ(message.infer_response().outputs(0).name(), "y");
  EXPECT_EQ(message.infer_response().raw_output_contents_size(), 2);
  EXPECT_EQ(message.error_message(), "");
  ASSERT_TRUE(message.ParseFromString(std::string(bad->view())));
  EXPECT_EQ(message.error_message(), "It broke.");
  EXPECT_FALSE(message.has_infer_response());
  const auto back = rpc::Decode(rpc::Payload::Encoded(*good), StreamedInferType());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(static_cast<const StreamedInferMessage&>(back->message()).value.response.outputs[0].name, "y");
}

}  // namespace
}  // namespace starling::models::oip

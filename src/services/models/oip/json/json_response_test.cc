#include "services/models/oip/json/json_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <random>

#include "base/status.h"
#include "services/models/oip/half.h"
#include "services/models/oip/json/json_tensor_writer.h"

namespace starling::models::oip {
namespace {

using inference::DataType;
using inference::MakeTensor;
using inference::Tensor;
using testing::HasSubstr;

std::string Json(const Tensor& tensor) {
  std::string out;
  const absl::Status written = AppendJsonTensor("y", tensor, &out);
  return written.ok() ? out : std::string(Message(written));
}

template <typename T>
std::string Json(DataType datatype, const std::vector<T>& values) {
  return Json(MakeTensor<T>(datatype, {static_cast<int64_t>(values.size())}, values));
}

TEST(JsonResponseTest, EveryDatatype) {
  EXPECT_EQ(Json<uint8_t>(DataType::kBool, {1, 0}), "[true,false]");
  EXPECT_EQ(Json<uint8_t>(DataType::kUint8, {0, 255}), "[0,255]");
  EXPECT_EQ(Json<int8_t>(DataType::kInt8, {-128}), "[-128]");
  EXPECT_EQ(Json<uint16_t>(DataType::kUint16, {65535}), "[65535]");
  EXPECT_EQ(Json<int16_t>(DataType::kInt16, {-5}), "[-5]");
  EXPECT_EQ(Json<uint32_t>(DataType::kUint32, {4294967295u}), "[4294967295]");
  EXPECT_EQ(Json<int32_t>(DataType::kInt32, {-7}), "[-7]");
  EXPECT_EQ(Json<uint64_t>(DataType::kUint64, {UINT64_MAX}), "[18446744073709551615]");
  EXPECT_EQ(Json<int64_t>(DataType::kInt64, {INT64_MIN}), "[-9223372036854775808]");
  EXPECT_EQ(Json<float>(DataType::kFp32, {0.1f, -2.f, 1e30f}), "[0.1,-2,1e+30]");
  EXPECT_EQ(Json<double>(DataType::kFp64, {0.1, 1e-7}), "[0.1,1e-07]");
  EXPECT_EQ(Json<uint16_t>(DataType::kFp16, {0x3C00, DoubleToFp16(0.5)}), "[1,0.5]");
  EXPECT_EQ(Json<uint16_t>(DataType::kBf16, {0x3F80}), "[1]");
  const std::vector<std::string_view> words = {"a\"b", "\xc3\xa9"};
  EXPECT_EQ(Json(inference::MakeBytesTensor({2}, words)), "[\"a\\\"b\",\"\xc3\xa9\"]");
  EXPECT_EQ(Json<float>(DataType::kFp32, {}), "[]");
}

TEST(JsonResponseTest, WhatJsonCannotSayIsAnError) {
  EXPECT_THAT(Json<float>(DataType::kFp32, {1, NAN}),
              HasSubstr("Element 1 of output 'y' is NaN or infinity"));
  EXPECT_THAT(Json<double>(DataType::kFp64, {HUGE_VAL}), HasSubstr("binary_data"));
  EXPECT_THAT(Json<uint16_t>(DataType::kBf16, {kBf16Infinity}), HasSubstr("NaN or infinity"));
  const std::vector<std::string_view> words = {"\xff"};
  EXPECT_THAT(Json(inference::MakeBytesTensor({1}, words)), HasSubstr("not UTF-8"));
}

TEST(JsonResponseTest, FloatsReadBackAsThemselves) {
  std::mt19937 random(7);
  std::vector<float> values;
  while (values.size() < 10000) {
    const float value = std::bit_cast<float>(static_cast<uint32_t>(random()));
    if (std::isfinite(value)) values.push_back(value);
  }
  const std::string json = Json<float>(DataType::kFp32, values);
  const char* at = json.data() + 1;
  for (const float value : values) {
    float read = 0;
    at = std::from_chars(at, json.data() + json.size(), read).ptr + 1;
    ASSERT_EQ(std::bit_cast<uint32_t>(read), std::bit_cast<uint32_t>(value));
  }
}

InferResponse Response() {
  InferResponse response{.model_name = "m", .model_version = "2", .id = "7", .parameters = {}, .outputs = {}};
  response.outputs.push_back({"p", {}, MakeTensor<float>(DataType::kFp32, {2}, std::vector<float>{0.5f, 1})});
  response.outputs.push_back(
      {"q", {}, MakeTensor<int32_t>(DataType::kInt32, {1, 1}, std::vector<int32_t>{3})});
  return response;
}

TEST(JsonResponseTest, AWholeResponse) {
  const auto written = WriteJsonResponse(Response(), {});
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_FALSE(written->has_binary);
  EXPECT_EQ(
      written->body.view(),
      R"({"model_name":"m","model_version":"2","id":"7","outputs":[{"name":"p","datatype":"FP32","shape":[2],"data":[0.5,1]},)"
      R"({"name":"q","datatype":"INT32","shape":[1,1],"data":[3]}]})");
}

TEST(JsonResponseTest, BinaryTensorsFollowTheJson) {
  BinaryOutputs binary;
  binary.all = true;
  binary.each["q"] = false;
  InferResponse response = Response();
  response.parameters.Add("triton_final_response", true);
  const auto written = WriteJsonResponse(response, binary);
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_TRUE(written->has_binary);
  EXPECT_EQ(
      written->body.view().substr(0, written->json_bytes),
      R"({"model_name":"m","model_version":"2","id":"7","parameters":{"triton_final_response":true},"outputs":[)"
      R"({"name":"p","datatype":"FP32","shape":[2],"parameters":{"binary_data_size":8}},)"
      R"({"name":"q","datatype":"INT32","shape":[1,1],"data":[3]}]})");
  EXPECT_EQ(written->body.view().substr(written->json_bytes), response.outputs[0].tensor.data.view());
}

TEST(JsonResponseTest, AnOutputInSharedMemoryHasNoData) {
  InferResponse response = Response();
  response.outputs[0].parameters.Add(kSharedMemoryRegion, "r");
  response.outputs[0].tensor.data = Bytes();
  const auto written = WriteJsonResponse(response, {.all = true, .each = {}});
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_THAT(std::string(written->body.view()), HasSubstr(R"("parameters":{"shared_memory_region":"r"}})"));
  EXPECT_EQ(written->body.size(), written->json_bytes + 4);
}

}  // namespace
}  // namespace starling::models::oip

#include "backends/inference_upstream/rest_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/status.h"
#include "core/inference/tensor.h"

namespace starling::inference_remote {
namespace {

using testing::HasSubstr;

template <typename T>
std::string Raw(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

std::string Strings(std::initializer_list<std::string_view> texts) {
  std::string raw;
  for (const std::string_view text : texts) {
    raw += Raw({static_cast<uint32_t>(text.size())});
    raw += text;
  }
  return raw;
}

::inference::ModelInferRequest Request(const std::string& datatype, const std::string& raw) {
  ::inference::ModelInferRequest request;
  auto* const input = request.add_inputs();
  input->set_name("x\"y");
  input->set_datatype(datatype);
  input->add_shape(1);
  input->add_shape(2);
  request.add_raw_input_contents(raw);
  request.add_outputs()->set_name("z");
  return request;
}

struct Case {
  std::string datatype;
  std::string raw;
  std::string json;
};

const Case kCases[] = {
    {"BOOL", Raw<uint8_t>({1, 0}), "true,false"},
    {"INT8", Raw<int8_t>({-128, 127}), "-128,127"},
    {"INT16", Raw<int16_t>({-32768, 32767}), "-32768,32767"},
    {"INT32", Raw<int32_t>({-1, 2}), "-1,2"},
    {"INT64", Raw<int64_t>({std::numeric_limits<int64_t>::min(), 9007199254740993}),
     "-9223372036854775808,9007199254740993"},
    {"UINT8", Raw<uint8_t>({0, 255}), "0,255"},
    {"UINT16", Raw<uint16_t>({0, 65535}), "0,65535"},
    {"UINT32", Raw<uint32_t>({0, 4294967295}), "0,4294967295"},
    {"UINT64", Raw<uint64_t>({0, 18446744073709551615ull}), "0,18446744073709551615"},
    {"FP32", Raw<float>({0.1f, -3.4028235e38f}), "0.1,-3.4028235e+38"},
    {"FP64", Raw<double>({0.1, 5e-324}), "0.1,5e-324"},
    {"BYTES", Strings({"a\"\\\n", "\xC3\xA9"}), "\"a\\\"\\\\\\u000a\",\"\xC3\xA9\""},
};

TEST(RestMessagesTest, EveryTypeGoesAndComesAsJson) {
  for (const Case& one : kCases) {
    const auto body = WriteRestRequest(Request(one.datatype, one.raw), false);
    ASSERT_TRUE(body.ok()) << body.status();
    EXPECT_EQ(body->bytes,
              StrCat(R"({"inputs":[{"name":"x\"y","datatype":")", one.datatype, R"(","shape":[1,2],"data":[)",
                     one.json, R"(]}],"outputs":[{"name":"z"}]})"));
    EXPECT_EQ(body->json_bytes, body->bytes.size());
    for (const bool nested : {false, true}) {
      const std::string answer =
          StrCat(R"({"model_name":"m","outputs":[{"name":"z","shape":[1,2],"datatype":")", one.datatype,
                 R"(","parameters":{"content_type":"np"},"data":)", nested ? "[[" : "[", one.json,
                 nested ? "]]" : "]", "}]}");
      const auto response = ReadRestResponse(answer, answer.size());
      ASSERT_TRUE(response.ok()) << response.status();
      EXPECT_EQ(response->raw_output_contents(0), one.raw) << one.datatype;
      EXPECT_EQ(response->outputs(0).name(), "z");
      EXPECT_EQ(response->outputs(0).datatype(), one.datatype);
      EXPECT_EQ(response->outputs(0).shape(1), 2);
    }
  }
}

TEST(RestMessagesTest, BinaryTensorsLieBehindTheJson) {
  auto request = Request("FP16", "abcd");
  const auto body = WriteRestRequest(request, true);
  ASSERT_TRUE(body.ok()) << body.status();
  EXPECT_EQ(body->bytes.substr(body->json_bytes), "abcd");
  EXPECT_THAT(body->bytes, HasSubstr(R"("shape":[1,2],"parameters":{"binary_data_size":4}}])"));
  EXPECT_THAT(body->bytes, HasSubstr(R"({"name":"z","parameters":{"binary_data":true}})"));
  const std::string json =
      R"({"outputs":[{"name":"a","datatype":"FP16","shape":[1],"parameters":{"binary_data_size":2}},)"
      R"({"name":"b","datatype":"INT32","shape":[1],"data":[7]},)"
      R"({"name":"c","datatype":"BF16","shape":[1],"parameters":{"binary_data_size":2}}]})";
  const auto response = ReadRestResponse(json + "1122", json.size());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->raw_output_contents(0), "11");
  EXPECT_EQ(response->raw_output_contents(1), Raw<int32_t>({7}));
  EXPECT_EQ(response->raw_output_contents(2), "22");
}

TEST(RestMessagesTest, WhatJsonCannotSayIsNotSent) {
  for (const auto& [datatype, raw] : std::vector<std::pair<std::string, std::string>>{
           {"FP32", Raw<float>({1, std::numeric_limits<float>::quiet_NaN()})},
           {"FP64", Raw<double>({std::numeric_limits<double>::infinity(), 1})},
           {"FP16", "1234"},
           {"BF16", "1234"},
           {"BYTES", Strings({"\xFF", ""})}}) {
    const absl::Status status = WriteRestRequest(Request(datatype, raw), false).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << datatype;
    EXPECT_THAT(std::string(Message(status)), HasSubstr("JSON cannot say"));
  }
}

TEST(RestMessagesTest, AnswersThatAreNotWholeAreErrors) {
  const auto output = [](const std::string& rest) {
    return StrCat(R"({"outputs":[{"name":"z","shape":[2],)", rest, "}]}");
  };
  for (const std::string& answer :
       {std::string(),
        std::string("hello"),
        std::string("[]"),
        std::string("{}"),
        std::string(R"({"outputs":{}})"),
        std::string(R"({"outputs":[1]})"),
        output(R"("data":[1,2])"),
        output(R"("datatype":"FP32")"),
        output(R"("datatype":"FP32","data":1)"),
        output(R"("datatype":"FP32","data":[1,"2"])"),
        output(R"("datatype":"FP32","data":[1,1e39])"),
        output(R"("datatype":"INT8","data":[1,128])"),
        output(R"("datatype":"INT32","data":[1,1.5])"),
        output(R"("datatype":"UINT8","data":[1,-1])"),
        output(R"("datatype":"BYTES","data":[1,2])"),
        output(R"("datatype":"FP16","data":[1,2])"),
        output(R"("datatype":"FP99","data":[1,2])"),
        output(R"("datatype":"FP32","data":[1,NaN])"),
        output(R"("datatype":"FP32","parameters":{"binary_data_size":8})"),
        output(R"("datatype":"FP32","parameters":{"binary_data_size":18446744073709551615})"),
        std::string(R"({"outputs":[{"name":"z","shape":["2"],"datatype":"FP32","data":[1,2]}]})"),
        StrCat(R"({"outputs":)", std::string(100000, '['), "}")}) {
    EXPECT_EQ(ReadRestResponse(answer, answer.size()).status().code(), absl::StatusCode::kInternal)
        << answer.substr(0, 100);
  }
  EXPECT_EQ(ReadRestResponse("{}", 3).status().code(), absl::StatusCode::kInternal);
}

TEST(RestMessagesTest, WhatServersSayOfThemselves) {
  const auto metadata = ReadRestMetadata(
      R"({"name":"m","versions":["1"],"platform":"","parameters":{},
          "inputs":[{"name":"x","datatype":"FP32","shape":[-1,2],"parameters":{"content_type":"np"}}],
          "outputs":[{"name":"y","datatype":"BYTES","shape":[-1]}]})");
  ASSERT_TRUE(metadata.ok()) << metadata.status();
  EXPECT_EQ(metadata->inputs(0).shape(0), -1);
  EXPECT_EQ(metadata->outputs(0).datatype(), "BYTES");
  for (const char* wrong : {"", "[]", "{}", R"({"inputs":[{"name":"x"}],"outputs":[]})"})
    EXPECT_FALSE(ReadRestMetadata(wrong).ok()) << wrong;
  EXPECT_TRUE(TakesBinary(R"({"name":"triton","extensions":["classification","binary_tensor_data"]})"));
  EXPECT_FALSE(TakesBinary(R"({"name":"mlserver","extensions":[]})"));
  EXPECT_FALSE(TakesBinary("hello"));
  EXPECT_TRUE(SaysNotReady(R"({"name":"m","ready":false})"));
  EXPECT_FALSE(SaysNotReady(R"({"name":"m","ready":true})"));
  EXPECT_FALSE(SaysNotReady(""));
  EXPECT_EQ(ReadRestError(R"({"error":"no such thing"})"), "no such thing");
  EXPECT_EQ(ReadRestError(R"({"detail":[{"msg":"bad"}]})"), R"([{"msg":"bad"}])");
  EXPECT_EQ(ReadRestError(R"({"detail":"bad"})"), "bad");
  EXPECT_EQ(ReadRestError("<html>"), "");
  EXPECT_EQ(ReadRestError(StrCat(R"({"error":")", std::string(5000, 'x'), "\"}")).size(), 300u);
}

}  // namespace
}  // namespace starling::inference_remote

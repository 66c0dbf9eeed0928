#include "services/models/oip/json/json_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/status.h"
#include "services/models/oip/half.h"

namespace starling::models::oip {
namespace {

using inference::DataType;
using inference::Shape;
using inference::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;

std::string Input(std::string_view datatype, std::string_view shape, std::string_view data) {
  return StrCat(R"({"name": "x", "datatype": ")", datatype, R"(", "shape": )", shape, R"(, "data": )", data,
                "}");
}

// The input's tensor, or why it is refused.
absl::StatusOr<Tensor> Read(std::string_view datatype, std::string_view shape, std::string_view data) {
  const auto input = ReadJsonInput(Input(datatype, shape, data));
  if (!input.ok()) return input.status();
  return Tensor{input->datatype, input->shape, input->data};
}

std::string Why(std::string_view datatype, std::string_view shape, std::string_view data) {
  const auto read = Read(datatype, shape, data);
  if (read.ok()) return "accepted";
  EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(Message(read.status()));
}

template <typename T>
std::vector<T> Values(std::string_view datatype, std::string_view shape, std::string_view data) {
  const auto read = Read(datatype, shape, data);
  EXPECT_TRUE(read.ok()) << read.status();
  if (!read.ok()) return {};
  const auto values = read->Values<T>();
  return {values.begin(), values.end()};
}

TEST(JsonRequestTest, EveryDatatype) {
  EXPECT_THAT(Values<uint8_t>("BOOL", "[4]", "[true, false, 1, 0]"), ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(Values<uint8_t>("UINT8", "[2]", "[0, 255]"), ElementsAre(0, 255));
  EXPECT_THAT(Values<uint16_t>("UINT16", "[1]", "[65535]"), ElementsAre(65535));
  EXPECT_THAT(Values<uint32_t>("UINT32", "[1]", "[4294967295]"), ElementsAre(4294967295u));
  EXPECT_THAT(Values<uint64_t>("UINT64", "[1]", "[18446744073709551615]"), ElementsAre(UINT64_MAX));
  EXPECT_THAT(Values<int8_t>("INT8", "[2]", "[-128, 127]"), ElementsAre(-128, 127));
  EXPECT_THAT(Values<int16_t>("INT16", "[1]", "[-32768]"), ElementsAre(-32768));
  EXPECT_THAT(Values<int32_t>("INT32", "[1]", "[-2147483648]"), ElementsAre(INT32_MIN));
  EXPECT_THAT(Values<int64_t>("INT64", "[1]", "[-9223372036854775808]"), ElementsAre(INT64_MIN));
  EXPECT_THAT(Values<float>("FP32", "[3]", "[1, -0.5, 3.4028235e38]"),
              ElementsAre(1.f, -0.5f, 3.4028235e38f));
  EXPECT_THAT(Values<double>("FP64", "[2]", "[1e308, 0.1]"), ElementsAre(1e308, 0.1));
  EXPECT_THAT(Values<uint16_t>("FP16", "[2]", "[1, 65504]"), ElementsAre(0x3C00, 0x7BFF));
  EXPECT_THAT(Values<uint16_t>("BF16", "[2]", "[1, -2.0]"), ElementsAre(0x3F80, 0xC000));
  const auto strings = Read("BYTES", "[3]", R"(["a", "", "\u00e9\n"])");
  ASSERT_TRUE(strings.ok()) << strings.status();
  EXPECT_THAT(*inference::ReadByteStrings(*strings), ElementsAre("a", "", "\xc3\xa9\n"));
}

TEST(JsonRequestTest, NestedAndFlatAreTheSame) {
  const auto flat = Values<int32_t>("INT32", "[2,1,2]", "[1,2,3,4]");
  EXPECT_THAT(flat, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(Values<int32_t>("INT32", "[2,1,2]", "[[[1,2]],[[3,4]]]"), flat);
  EXPECT_THAT(Values<int32_t>("INT32", "[]", "[7]"), ElementsAre(7));
  EXPECT_THAT(Values<int32_t>("INT32", "[0]", "[]"), ElementsAre());
  EXPECT_THAT(Values<int32_t>("INT32", "[2,0]", "[[],[]]"), ElementsAre());
}

TEST(JsonRequestTest, NumbersPastTheRangeAreRefused) {
  for (const auto& [datatype, number] :
       std::vector<std::pair<const char*, const char*>>{{"UINT8", "256"},
                                                        {"UINT8", "-1"},
                                                        {"UINT16", "65536"},
                                                        {"UINT32", "4294967296"},
                                                        {"UINT64", "18446744073709551616"},
                                                        {"UINT64", "-1"},
                                                        {"INT8", "128"},
                                                        {"INT8", "-129"},
                                                        {"INT16", "32768"},
                                                        {"INT32", "2147483648"},
                                                        {"INT64", "9223372036854775808"},
                                                        {"INT64", "-9223372036854775809"},
                                                        {"FP16", "65520"},
                                                        {"FP16", "-1e9"},
                                                        {"BF16", "3.4e39"},
                                                        {"FP32", "3.5e38"},
                                                        {"FP32", "1e400"},
                                                        {"FP64", "1e400"},
                                                        {"FP64", "-1e999"}}) {
    EXPECT_THAT(Why(datatype, "[2]", StrCat("[1, ", number, "]")),
                HasSubstr(StrCat("element 1 of 'data', ", number, ", is past the range of ", datatype)));
  }
}

TEST(JsonRequestTest, WhatIsNoElementIsRefusedByItsPlace) {
  EXPECT_EQ(Why("INT32", "[2]", "[1, 2.5]"),
            "Input 'x': element 1 of 'data' must be an integer for INT32, not 2.5.");
  EXPECT_EQ(Why("FP32", "[2]", R"([1, "2"])"),
            R"(Input 'x': element 1 of 'data' must be a number for FP32, not "2".)");
  EXPECT_EQ(Why("BYTES", "[1]", "[5]"), "Input 'x': element 0 of 'data' must be a string for BYTES, not 5.");
  EXPECT_EQ(Why("BOOL", "[1]", "[2]"),
            "Input 'x': element 0 of 'data' must be true or false for BOOL, not 2.");
  EXPECT_THAT(Why("FP32", "[1]", "[null]"), HasSubstr("must be a number"));
  // NaN and Infinity are no JSON.
  EXPECT_NE(Why("FP32", "[1]", "[NaN]"), "accepted");
  EXPECT_NE(Why("FP64", "[1]", "[-Infinity]"), "accepted");
  EXPECT_NE(Why("FP64", "[1]", "[01]"), "accepted");
}

TEST(JsonRequestTest, ShapesThatDoNotFitAreRefused) {
  EXPECT_THAT(Why("INT32", "[3]", "[1,2]"), HasSubstr("'data' has 2 elements; the shape [3] takes 3"));
  EXPECT_THAT(Why("INT32", "[1]", "[1,2]"), HasSubstr("more than 1 elements"));
  EXPECT_THAT(Why("INT32", "[2,2]", "[[1,2],[3]]"), HasSubstr("has 1 items"));
  EXPECT_THAT(Why("INT32", "[2,2]", "[[1,2,3,4]]"), HasSubstr("has 4 items"));
  EXPECT_THAT(Why("INT32", "[4]", "[[1,2],[3,4]]"), HasSubstr("nested deeper"));
  EXPECT_THAT(Why("INT32", "[1,1,2]", "[[1,2]]"), HasSubstr("2 levels"));
  EXPECT_NE(Why("INT32", "[2,2]", "[[1,2],3,4]"), "accepted");
  EXPECT_NE(Why("INT32", "[2,2]", "[1,[2,3],4]"), "accepted");
}

TEST(JsonRequestTest, DimensionsThatCannotBeAreRefused) {
  EXPECT_THAT(Why("INT32", "[-1]", "[1]"), HasSubstr("must not be negative"));
  EXPECT_THAT(Why("INT32", "[1.5]", "[1]"), HasSubstr("must be an integer"));
  EXPECT_THAT(Why("INT32", "[9223372036854775808]", "[1]"), HasSubstr("fits 64 bits"));
  EXPECT_THAT(Why("INT32", "[4294967296, 4294967296, 4294967296]", "[1]"), HasSubstr("no memory can hold"));
  EXPECT_THAT(Why("INT64", "[9223372036854775807]", "[1]"), HasSubstr("no memory can hold"));
  // Nothing is allocated for what the body can't hold.
  EXPECT_THAT(Why("INT64", "[100000000000]", "[1]"), HasSubstr("which 'data' does not have"));
  std::string many = "[1";
  for (int i = 0; i < 64; ++i) many += ",1";
  EXPECT_THAT(Why("INT32", many + "]", "[1]"), HasSubstr("more than 64 dimensions"));
}

TEST(JsonRequestTest, FloatsAreRoundedOnce) {
  // Just above the middle of two floats; its double is the middle itself, which would be rounded down.
  EXPECT_THAT(Values<float>("FP32", "[1]", "[1.000000059604644775390625000000001]"),
              ElementsAre(1.00000011920928955078125f));
  EXPECT_THAT(Values<float>("FP32", "[1]", "[1.000000059604644775390625]"), ElementsAre(1.f));
}

TEST(JsonRequestTest, DataMayComeBeforeWhatItNeeds) {
  const auto input =
      ReadJsonInput(R"({"data": [[1, 2], [3, 4]], "shape": [2, 2], "datatype": "FP32", "name": "late"})");
  ASSERT_TRUE(input.ok()) << input.status();
  const Tensor tensor{input->datatype, input->shape, input->data};
  EXPECT_THAT(tensor.Values<float>(), ElementsAre(1, 2, 3, 4));
  EXPECT_FALSE(ReadJsonInput(R"({"data": [1], "shape": [2], "datatype": "FP32", "name": "late"})").ok());
}

absl::StatusOr<JsonInferRequest> Whole(std::string_view json, std::string_view binary = "") {
  return ReadJsonRequest(Bytes(StrCat(json, binary)), json.size());
}

TEST(JsonRequestTest, AWholeRequest) {
  const auto read = Whole(
      R"({"id": "42", "parameters": {"priority": 3, "f": 0.5, "s": "t", "b": true, "binary_data_output": true},
      "inputs": [{"name": "a", "datatype": "INT32", "shape": [1], "data": [7]}],
      "outputs": [{"name": "p", "parameters": {"classification": 2}}, {"name": "q", "parameters": {"binary_data": false}}],
      "unknown": {"x": [1, 2]}})");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->request.id, "42");
  EXPECT_EQ(*read->request.parameters.Find("priority"), Parameter(int64_t{3}));
  EXPECT_EQ(*read->request.parameters.Find("f"), Parameter(0.5));
  EXPECT_EQ(*read->request.parameters.Find("s"), Parameter("t"));
  EXPECT_EQ(**read->request.parameters.Bool("b"), true);
  EXPECT_EQ(**read->request.outputs[0].parameters.Count("classification"), 2u);
  EXPECT_TRUE(read->binary.Wants("p"));
  EXPECT_FALSE(read->binary.Wants("q"));
}

TEST(JsonRequestTest, BinaryTensorsAreViewsOfTheBody) {
  std::string json = R"({"inputs": [
      {"name": "a", "datatype": "FP32", "shape": [2], "parameters": {"binary_data_size": 8}},
      {"name": "b", "datatype": "BOOL", "shape": [3], "parameters": {"binary_data_size": 3}},
      {"name": "c", "datatype": "INT16", "shape": [1], "parameters": {"binary_data_size": 2}}]})";
  // The first tensor lies aligned, the third does not.
  while (json.size() % 8 != 0) json += ' ';
  const float values[] = {1.5f, -2.f};
  const int16_t last = 300;
  std::string binary(reinterpret_cast<const char*>(values), sizeof(values));
  binary += std::string("\1\0\1", 3);
  binary.append(reinterpret_cast<const char*>(&last), sizeof(last));
  const Bytes body(json + binary);
  const auto read = ReadJsonRequest(body, json.size());
  ASSERT_TRUE(read.ok()) << read.status();
  const auto& inputs = read->request.inputs;
  EXPECT_EQ(inputs[0].data.data(), body.data() + json.size());
  const Tensor first{inputs[0].datatype, inputs[0].shape, inputs[0].data};
  EXPECT_THAT(first.Values<float>(), ElementsAre(1.5f, -2.f));
  EXPECT_EQ(inputs[1].data.data(), body.data() + json.size() + 8);
  EXPECT_NE(inputs[2].data.data(), body.data() + json.size() + 11);
  const Tensor third{inputs[2].datatype, inputs[2].shape, inputs[2].data};
  EXPECT_THAT(third.Values<int16_t>(), ElementsAre(300));
}

TEST(JsonRequestTest, BinaryTensorsThatDoNotFitAreRefused) {
  const auto why = [](std::string_view shape, std::string_view parameters, std::string_view binary) {
    const auto read = Whole(StrCat(R"({"inputs": [{"name": "a", "datatype": "INT32", "shape": )", shape,
                                   R"(, "parameters": )", parameters, "}]}"),
                            binary);
    return read.ok() ? "accepted" : std::string(Message(read.status()));
  };
  EXPECT_EQ(why("[1]", R"({"binary_data_size": 4})", "1234"), "accepted");
  EXPECT_THAT(why("[2]", R"({"binary_data_size": 4})", "1234"),
              HasSubstr("has 4 bytes; INT32 of shape [2] takes 8"));
  EXPECT_THAT(why("[1]", R"({"binary_data_size": 5})", "1234"), HasSubstr("4 bytes are left"));
  EXPECT_THAT(why("[1]", R"({"binary_data_size": 4})", "12345"), HasSubstr("1 more bytes"));
  EXPECT_THAT(why("[1]", R"({"binary_data_size": -4})", "1234"), HasSubstr("must not be negative"));
  EXPECT_THAT(why("[1]", R"({"binary_data_size": "4"})", "1234"), HasSubstr("must be an integer"));
  EXPECT_THAT(why("[1]", "{}", "1234"), HasSubstr("has no 'data'"));
  EXPECT_FALSE(ReadJsonRequest(Bytes("{}"), 3).ok());
}

TEST(JsonRequestTest, WhatIsMissingTwiceOrOfAnotherKindIsRefused) {
  const auto why = [](std::string_view json) {
    const auto read = Whole(json);
    return read.ok() ? "accepted" : std::string(Message(read.status()));
  };
  const std::string input = Input("INT32", "[1]", "[1]");
  EXPECT_THAT(why("{}"), HasSubstr("'inputs' is missing"));
  EXPECT_THAT(why("[]"), HasSubstr("must be a JSON object"));
  EXPECT_THAT(why(""), HasSubstr("not valid JSON"));
  EXPECT_THAT(why(StrCat(R"({"inputs": [)", input, ",", input, "]}")), HasSubstr("two inputs 'x'"));
  EXPECT_THAT(why(StrCat(R"({"id": "1", "id": "2", "inputs": [)", input, "]}")),
              HasSubstr("'id' comes twice"));
  EXPECT_THAT(why(StrCat(R"({"id": 1, "inputs": [)", input, "]}")), HasSubstr("'id' must be a string"));
  EXPECT_THAT(why(StrCat(R"({"inputs": [)", input, "]} {}")), HasSubstr("something follows"));
  EXPECT_THAT(why(StrCat(R"({"inputs": [)", input, R"(], "outputs": [{"name": "p"}, {"name": "p"}]})")),
              HasSubstr("two outputs 'p'"));
  EXPECT_THAT(why(R"({"inputs": [{"datatype": "INT32", "shape": [1], "data": [1]}]})"),
              HasSubstr("no 'name'"));
  EXPECT_THAT(why(R"({"inputs": [{"name": "x", "shape": [1], "data": [1]}]})"), HasSubstr("no 'datatype'"));
  EXPECT_THAT(why(R"({"inputs": [{"name": "x", "datatype": "INT32", "data": [1]}]})"),
              HasSubstr("no 'shape'"));
  EXPECT_THAT(why(R"({"inputs": [{"name": "x", "datatype": "INT128", "shape": [1], "data": [1]}]})"),
              HasSubstr("'INT128' is no data type"));
  EXPECT_THAT(why(StrCat(R"({"parameters": {"p": [1]}, "inputs": [)", input, "]}")),
              HasSubstr("Parameter 'p'"));
}

}  // namespace
}  // namespace starling::models::oip

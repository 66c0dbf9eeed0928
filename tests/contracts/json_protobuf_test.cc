// The generated JSON beside protobuf's own: the same both ways on random messages of every type, but for the differences that
// docs/decisions/0003-generated-json.md states, each with its test.
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "random_message.h"
#include "starling/everything/v1/common.starling.h"
#include "starling/everything/v1/everything.starling.h"
#include "starling/everything/v1/rules.starling.h"
#include "starling/sentiment/v1/sentiment.starling.h"

namespace starling::everything::v1 {
namespace {

namespace util = google::protobuf::util;
using google::protobuf::Message;
using google::protobuf::Value;

constexpr int kRounds = 300;
constexpr int kDepth = 3;

std::string Encode(const rpc::MessageType& type, const Message& message) {
  std::string json;
  type.to_json(message, &json);
  return json;
}

std::string EncodeByProtobuf(const Message& message) {
  util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string json;
  EXPECT_TRUE(util::MessageToJsonString(message, &json, options).ok());
  return json;
}

bool DecodeByProtobuf(const std::string& json, Message* message) {
  return util::JsonStringToMessage(json, message).ok();
}

// Empty if they are equal, else how they differ.
std::string Differences(const Message& a, const Message& b) {
  std::string report;
  util::MessageDifferencer differencer;
  util::DefaultFieldComparator comparator;
  comparator.set_treat_nan_as_equal(true);
  differencer.set_field_comparator(&comparator);
  differencer.ReportDifferencesToString(&report);
  differencer.Compare(a, b);
  return report;
}

// The same document, where a 64-bit integer of ours is text of theirs, and digits that stand for the same float differ.
bool SameDocument(const Value& ours, const Value& theirs) {
  if (ours.has_number_value() && theirs.has_string_value()) {
    return std::strtod(theirs.string_value().c_str(), nullptr) == ours.number_value();
  }
  if (ours.has_number_value() && theirs.has_number_value()) {
    return ours.number_value() == theirs.number_value() ||
           static_cast<float>(ours.number_value()) == static_cast<float>(theirs.number_value());
  }
  if (ours.kind_case() != theirs.kind_case()) return false;
  if (ours.has_struct_value()) {
    const auto &a = ours.struct_value().fields(), &b = theirs.struct_value().fields();
    if (a.size() != b.size()) return false;
    for (const auto& [key, value] : a) {
      if (!b.contains(key) || !SameDocument(value, b.at(key))) return false;
    }
    return true;
  }
  if (ours.has_list_value()) {
    const auto &a = ours.list_value().values(), &b = theirs.list_value().values();
    if (a.size() != b.size()) return false;
    for (int i = 0; i < a.size(); ++i) {
      if (!SameDocument(a[i], b[i])) return false;
    }
    return true;
  }
  return Differences(ours, theirs).empty();
}

class EveryType : public ::testing::TestWithParam<const rpc::MessageType*> {
 protected:
  // Calls `check(message)` on random messages; each run has the same ones.
  template <typename Check>
  void ForRandomMessages(Check check) {
    std::mt19937_64 random(20261125);
    for (int i = 0; i < kRounds && !HasFailure(); ++i) {
      const auto message = New();
      testing::Randomize(random, kDepth, *message);
      check(*message);
    }
  }
  std::shared_ptr<Message> New() { return std::static_pointer_cast<Message>(GetParam()->create()); }
};

TEST_P(EveryType, WhatIsWrittenIsReadBackTheSame) {
  ForRandomMessages([&](const Message& message) {
    const std::string json = Encode(*GetParam(), message);
    const auto again = New();
    ASSERT_EQ(GetParam()->from_json(json, {}, again.get()), absl::OkStatus()) << json;
    ASSERT_EQ(Differences(message, *again), "") << json;
  });
}

TEST_P(EveryType, ProtobufReadsWhatIsWritten) {
  ForRandomMessages([&](const Message& message) {
    const std::string json = Encode(*GetParam(), message);
    const auto again = New();
    const auto status = util::JsonStringToMessage(json, again.get());
    ASSERT_TRUE(status.ok()) << status << json;
    ASSERT_EQ(Differences(message, *again), "") << json;
  });
}

TEST_P(EveryType, WhatProtobufWritesIsRead) {
  ForRandomMessages([&](const Message& message) {
    const std::string json = EncodeByProtobuf(message);
    const auto again = New();
    ASSERT_EQ(GetParam()->from_json(json, {}, again.get()), absl::OkStatus()) << json;
    ASSERT_EQ(Differences(message, *again), "") << json;
  });
}

TEST_P(EveryType, TheDocumentIsTheSame) {
  ForRandomMessages([&](const Message& message) {
    const std::string ours = Encode(*GetParam(), message), theirs = EncodeByProtobuf(message);
    Value a, b;
    ASSERT_TRUE(DecodeByProtobuf(ours, &a)) << ours;
    ASSERT_TRUE(DecodeByProtobuf(theirs, &b)) << theirs;
    ASSERT_TRUE(SameDocument(a, b)) << ours << "\n" << theirs;
  });
}

INSTANTIATE_TEST_SUITE_P(Contracts, EveryType,
                         ::testing::Values(&EverythingType(), &Everything_NestedType(),
                                           &Everything_Nested_DeeperType(), &PlaceType(), &CountRequestType(),
                                           &CountResponseType(), &FindRequestType(),
                                           &FindRequest_FilterType(), &FindResponseType(), &RulesType(),
                                           &RequiredType(), &sentiment::v1::AnalyzeSentimentRequestType(),
                                           &sentiment::v1::AnalyzeSentimentResponseType()),
                         [](const auto& info) {
                           std::string name(info.param->full_name);
                           for (char& c : name) c = c == '.' ? '_' : c;
                           return name;
                         });

// The differences.

Everything Read(std::string_view json) {
  Everything message;
  EXPECT_EQ(EverythingType().from_json(json, {}, &message), absl::OkStatus()) << json;
  return message;
}
bool Reads(std::string_view json) {
  Everything message;
  return EverythingType().from_json(json, {}, &message).ok();
}
bool ProtobufReads(const std::string& json) {
  Everything message;
  return DecodeByProtobuf(json, &message);
}
bool Has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Difference, Integers64AreWrittenAsNumbers) {
  Everything message;
  message.set_an_int64(INT64_MIN);
  message.set_a_uint64(UINT64_MAX);
  EXPECT_TRUE(Has(Encode(EverythingType(), message), R"("an_int64":-9223372036854775808,)"));
  EXPECT_TRUE(Has(Encode(EverythingType(), message), R"("a_uint64":18446744073709551615,)"));
  EXPECT_TRUE(Has(EncodeByProtobuf(message), R"("an_int64":"-9223372036854775808")"));
  EXPECT_EQ(Read(R"({"an_int64": -9223372036854775808})").an_int64(), INT64_MIN);
  EXPECT_EQ(Read(R"({"an_int64": "-9223372036854775808"})").an_int64(), INT64_MIN);
}

TEST(Difference, UnknownFieldsAreIgnored) {
  const std::string json = R"({"nested": {"unknown": {"a": [1, {}]}, "text": "x"}})";
  EXPECT_EQ(Read(json).nested().text(), "x");
  EXPECT_FALSE(ProtobufReads(json));
}

TEST(Difference, DefaultsAreAlwaysWritten) {
  EXPECT_EQ(Encode(Everything_NestedType(), Everything::Nested()), R"({"text":""})");
  EXPECT_EQ(Encode(CountResponseType(), CountResponse()), R"({"number":0})");
  std::string by_default;
  ASSERT_TRUE(util::MessageToJsonString(CountResponse(), &by_default).ok());
  EXPECT_EQ(by_default, "{}");
}

TEST(Difference, NamesAreTheContractsAndBothAreRead) {
  Everything message;
  message.set_renamed("5");
  EXPECT_TRUE(Has(Encode(EverythingType(), message), R"("renamed":"5")"));
  std::string by_default;
  ASSERT_TRUE(util::MessageToJsonString(message, &by_default).ok());
  EXPECT_TRUE(Has(by_default, R"("anotherName":"5")"));
  EXPECT_EQ(Read(R"({"anotherName": "5"})").renamed(), "5");
  EXPECT_EQ(Read(R"({"renamed": "5"})").renamed(), "5");
  EXPECT_EQ(Read(R"({"with1Digit": "a", "class": "b", "namespace": 2})").with_1_digit(), "a");
}

TEST(Difference, AKeyTwiceIsRefused) {
  EXPECT_FALSE(Reads(R"({"an_int32": 1, "anInt32": 2})"));
  EXPECT_TRUE(ProtobufReads(R"({"an_int32": 1, "anInt32": 2})"));
}

TEST(Difference, TextIsNoBoolean) {
  EXPECT_FALSE(Reads(R"({"a_bool": "true"})"));
  EXPECT_TRUE(ProtobufReads(R"({"a_bool": "true"})"));
}

TEST(Difference, OnlyJsonIsRead) {
  for (const std::string json : {R"({a_bool: true})", R"({'a_bool': true})", R"({"a_bool": true,})"}) {
    EXPECT_FALSE(Reads(json)) << json;
    EXPECT_TRUE(ProtobufReads(json)) << json;
  }
}

TEST(Difference, WhatHasNoJsonFormIsNullOrText) {
  Everything message;
  message.mutable_timestamp()->set_seconds(INT64_MAX);
  message.mutable_duration()->set_nanos(-1000000000);
  message.mutable_a_value();
  message.add_values()->set_number_value(std::numeric_limits<double>::infinity());
  const std::string json = Encode(EverythingType(), message);
  EXPECT_TRUE(Has(json, R"("timestamp":null,"duration":null,)"));
  EXPECT_TRUE(Has(json, R"("a_value":null,)"));
  EXPECT_TRUE(Has(json, R"("values":["Infinity"])"));
  std::string theirs;
  EXPECT_FALSE(util::MessageToJsonString(message, &theirs).ok());
}

TEST(Difference, TextThatIsNotUtf8IsMadeValid) {
  Everything message;
  message.set_a_string("a\xff");
  EXPECT_TRUE(Has(Encode(EverythingType(), message), "\"a_string\":\"a\xEF\xBF\xBD\""));
}

}  // namespace
}  // namespace starling::everything::v1

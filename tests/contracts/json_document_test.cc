// What hostile and mistaken JSON is told, sentence by sentence.
#include <gtest/gtest.h>
#include <time.h>

#include <chrono>
#include <string>

#include "base/status.h"
#include "starling/everything/v1/everything.starling.h"
#include "starling/sentiment/v1/sentiment.starling.h"
#include "starling/spam/v1/spam.starling.h"

namespace starling::everything::v1 {
namespace {

std::string Told(std::string_view json, const rpc::MessageType& type = EverythingType(),
                 size_t max_depth = 64) {
  auto message = type.create();
  const auto status = type.from_json(json, {.max_depth = max_depth}, message.get());
  if (!status.ok()) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  }
  return std::string(Message(status));
}

std::string Repeat(std::string_view text, size_t times) {
  std::string result;
  for (size_t i = 0; i < times; ++i) result += text;
  return result;
}

TEST(JsonDocument, MalformedJsonIsToldWithItsPlace) {
  EXPECT_EQ(Told("{"), "The JSON is malformed: it ends where a key in quotes or } is expected.");
  EXPECT_EQ(Told(R"({"a_bool": true)"), "The JSON is malformed: it ends where a comma or } is expected.");
  EXPECT_EQ(Told("{\n \"a_bool\" true}"), "The JSON is malformed at line 2, column 11: a colon is expected.");
  EXPECT_EQ(Told(R"({"a_bool": true,})"),
            "The JSON is malformed at line 1, column 17: a key in quotes is expected.");
  EXPECT_EQ(Told(R"({"a_bool": true "a"})"),
            "The JSON is malformed at line 1, column 17: a comma or } is expected.");
  EXPECT_EQ(Told(R"({a_bool: true})"),
            "The JSON is malformed at line 1, column 2: a key in quotes or } is expected.");
  EXPECT_EQ(Told(R"({"a_bool": tru})"), "The JSON is malformed at line 1, column 12: this is no JSON value.");
  EXPECT_EQ(Told(R"({"a_bool": })"), "The JSON is malformed at line 1, column 12: a value is expected.");
  EXPECT_EQ(Told(R"({"int32s": [1 2]})"),
            "The JSON is malformed at line 1, column 15: a comma or ] is expected.");
  EXPECT_EQ(Told(R"({"int32s": [1,]})"), "The JSON is malformed at line 1, column 15: a value is expected.");
  EXPECT_EQ(Told(R"({"int32s": [1})"),
            "The JSON is malformed at line 1, column 14: a comma or ] is expected.");
  EXPECT_EQ(Told(R"({"an_int32": 01})"),
            "The JSON is malformed at line 1, column 14: this is no JSON value.");
  EXPECT_EQ(Told(R"({"an_int32": 1.})"),
            "The JSON is malformed at line 1, column 14: this is no JSON value.");
  EXPECT_EQ(Told(R"({"a_double": NaN})"), "The JSON is malformed at line 1, column 14: a value is expected.");
  EXPECT_EQ(Told(R"({"a_string": "é\q"})"),
            "The JSON is malformed at line 1, column 16: there is no such escape.");
  EXPECT_EQ(Told(R"({"a_string": "a})"),
            "The JSON is malformed at line 1, column 14: the string that begins here has no end.");
  EXPECT_EQ(Told("{\"a_string\": \"a\nb\"}"),
            "The JSON is malformed at line 1, column 16: a control character in a string must be escaped.");
  EXPECT_EQ(Told(R"({"a_string": 'a'})"), "The JSON is malformed at line 1, column 14: a value is expected.");
  EXPECT_EQ(Told("{} // done"),
            "The JSON is malformed at line 1, column 4: nothing may follow the end of the document.");
}

TEST(JsonDocument, EmptyBodiesByteOrderMarksAndOtherTops) {
  EXPECT_EQ(Told(""), "The body is empty; it must be a JSON document.");
  EXPECT_EQ(Told(" \n\t"), "The body holds only white space; it must be a JSON document.");
  EXPECT_EQ(Told("\xEF\xBB\xBF{}"), "The JSON begins with a byte order mark (U+FEFF), which is not allowed.");
  EXPECT_EQ(Told("[]"), "The JSON must be an object, not a list.");
  EXPECT_EQ(Told("\"a\""), "The JSON must be an object, not a string.");
  EXPECT_EQ(Told("1"), "The JSON must be an object, not a number.");
  EXPECT_EQ(Told("true"), "The JSON must be an object, not true.");
  EXPECT_EQ(Told("null"), "The JSON must be an object, not null.");
  EXPECT_EQ(Told("{}{}"),
            "The JSON is malformed at line 1, column 3: nothing may follow the end of the document.");
  EXPECT_EQ(Told("{}}"),
            "The JSON is malformed at line 1, column 3: nothing may follow the end of the document.");
  EXPECT_EQ(Told(std::string("{}\0", 3)),
            "The JSON is malformed at line 1, column 3: nothing may follow the end of the document.");
}

TEST(JsonDocument, InvalidUtf8IsRefusedWhereverItStands) {
  for (const std::string bytes :
       {"\xff", "\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
    EXPECT_EQ(Told("{\"a_string\": \"x" + bytes + "\"}"),
              "The JSON is not valid UTF-8 at line 1, column 16.");
    EXPECT_EQ(Told("{\"unknown\": \"x" + bytes + "\"}"), "The JSON is not valid UTF-8 at line 1, column 15.");
  }
}

TEST(JsonDocument, LoneSurrogatesAreRefused) {
  const std::string second = "this is the second half of a surrogate pair without the first.";
  const std::string first = "this is the first half of a surrogate pair without the second.";
  EXPECT_EQ(Told(R"({"a_string": "\ud800"})"), "The JSON is malformed at line 1, column 15: " + first);
  EXPECT_EQ(Told(R"({"a_string": "\ud800\u0041"})"), "The JSON is malformed at line 1, column 15: " + first);
  EXPECT_EQ(Told(R"({"a_string": "a\udc00"})"), "The JSON is malformed at line 1, column 16: " + second);
  EXPECT_EQ(Told(R"({"unknown": "\udc00"})"), "The JSON is malformed at line 1, column 14: " + second);
  EXPECT_EQ(Told(R"({"\udc00": 1})"), "The JSON is malformed at line 1, column 3: " + second);
  EXPECT_EQ(Told(R"({"a_struct": {"a": ["\ud800"]}})"),
            "The JSON is malformed at line 1, column 22: " + first);
}

TEST(JsonDocument, EveryOtherTextIsReadUnchanged) {
  Everything message;
  ASSERT_TRUE(
      EverythingType()
          .from_json(R"({"a_string": "\u0000\b\f\n\r\t\/\\\"\u00e9\ud83d\ude00\u2028 é😀"})", {}, &message)
          .ok());
  EXPECT_EQ(message.a_string(), std::string("\0\b\f\n\r\t/\\\"é😀\u2028 é😀", 25));
  std::string json;
  EverythingType().to_json(message, &json);
  Everything again;
  ASSERT_TRUE(EverythingType().from_json(json, {}, &again).ok());
  EXPECT_EQ(again.a_string(), message.a_string());
}

TEST(JsonDocument, KeysAreGivenOnce) {
  EXPECT_EQ(Told(R"({"a_bool": true, "a_bool": true})"),
            "'a_bool' is given more than once ('aBool' is the same field).");
  EXPECT_EQ(Told(R"({"a_bool": true, "aBool": true})"),
            "'a_bool' is given more than once ('aBool' is the same field).");
  EXPECT_EQ(Told(R"({"a_bool": true, "\u0061_bool": true})"),
            "'a_bool' is given more than once ('aBool' is the same field).");
  EXPECT_EQ(Told(R"({"color": 1, "color": 1})"), "'color' is given more than once.");
  EXPECT_EQ(Told(R"({"color": null, "color": 1})"), "'color' is given more than once.");
  EXPECT_EQ(Told(R"({"nested": {"text": "", "text": ""}})"), "'nested.text' is given more than once.");
  EXPECT_EQ(Told(R"({"strings_by_string": {"a": "", "a": ""}})"),
            "'strings_by_string.a' is given more than once.");
  EXPECT_EQ(Told(R"({"int64s_by_int32": {"1": 1, "1.0": 1}})"),
            "'int64s_by_int32.1.0' is given more than once.");
  EXPECT_EQ(Told(R"({"a_struct": {"a": {"b": 1, "b": 2}}})"), "'a_struct[\"a\"].b' is given more than once.");
  EXPECT_EQ(Told(R"({"x": 1, "x": 2})"), "'x' is given more than once.");
  EXPECT_EQ(Told(R"({"x": {"y": [{"z": 1, "z": 2}]}})"), "'z' is given more than once.");
  std::string many = "{";
  for (int i = 0; i < 100; ++i) many += StrCat("\"x", i, "\": 0, ");
  EXPECT_EQ(Told(many + "\"y\": 0}"), "");
  EXPECT_EQ(Told(many + "\"x57\": 0}"), "'x57' is given more than once.");
  EXPECT_EQ(Told(R"({"chosen_string": "", "chosenInt64": 1})"),
            "'choice' is given twice: only one of its fields may be set.");
  EXPECT_EQ(Told(R"({"chosen_string": null, "chosenInt64": 1})"), "");
}

TEST(JsonDocument, DepthIsBounded) {
  EXPECT_EQ(Told(Repeat("{\"self\": ", 3) + "{}" + Repeat("}", 3), EverythingType(), 4), "");
  EXPECT_EQ(Told(Repeat("{\"self\": ", 4) + "{}" + Repeat("}", 4), EverythingType(), 4),
            "The JSON is nested more than 4 levels deep.");
}

TEST(JsonDocument, AMillionBracketsAreRefusedEverywhere) {
  const std::string deep = "The JSON is nested more than 64 levels deep.";
  const std::string at_most = "The JSON is nested more than 1000 levels deep.";
  const std::string lists = Repeat("[", 1000000), objects = Repeat("{\"a\":", 1000000);
  for (const std::string field : {"unknown", "a_struct", "a_value", "a_list", "values", "self", "nothing"}) {
    const std::string head = "{\"" + field + "\": ";
    const std::string told = Told(head + objects);
    EXPECT_TRUE(told == deep || field == "a_list" || field == "values") << field << ": " << told;
    EXPECT_NE(Told(head + lists), "") << field;
  }
  EXPECT_EQ(Told("{\"unknown\": " + lists), deep);
  EXPECT_EQ(Told("{\"a_value\": " + lists), deep);
  EXPECT_EQ(Told("{\"a_list\": " + lists), deep);
  // Whatever the settings allow, the stack holds.
  for (const std::string field : {"unknown", "a_value"}) {
    EXPECT_EQ(Told("{\"" + field + "\": " + lists, EverythingType(), 1u << 30), at_most);
    EXPECT_EQ(Told("{\"" + field + "\": " + objects, EverythingType(), 1u << 30), at_most);
  }
  EXPECT_EQ(Told(Repeat("{\"self\":", 1000000), EverythingType(), 1u << 30), at_most);
}

TEST(JsonDocument, UnknownFieldsAreIgnoredButMustBeJson) {
  EXPECT_EQ(Told(R"({"unknown": {"a": [1, -2.5e+3, "é\n", true, false, null, {}, []]}, "a_bool": true})"),
            "");
  EXPECT_EQ(Told(R"({"unknown": {"a": [1,, 2]}})"),
            "The JSON is malformed at line 1, column 22: a value is expected.");
  EXPECT_EQ(Told(R"({"unknown": nul})"),
            "The JSON is malformed at line 1, column 13: this is no JSON value.");
  EXPECT_EQ(Told(R"({"unknown": -})"), "The JSON is malformed at line 1, column 13: this is no JSON value.");
  EXPECT_EQ(Told(R"({"unknown": {1: 2}})"),
            "The JSON is malformed at line 1, column 14: a key in quotes or } is expected.");
}

TEST(JsonDocument, NumbersMustFitTheirField) {
  EXPECT_EQ(Told(R"({"an_int32": 2147483648})"),
            "'an_int32' is out of range: it must be at least -2147483648 and at most 2147483647.");
  EXPECT_EQ(Told(R"({"a_uint32": -1})"),
            "'a_uint32' is out of range: it must be at least 0 and at most 4294967295.");
  EXPECT_EQ(Told(R"({"a_uint64": 18446744073709551616})"),
            "'a_uint64' is out of range: it must be at least 0 and at most 18446744073709551615.");
  EXPECT_EQ(Told(R"({"int64s": [1, 1e19]})"),
            "'int64s[1]' is out of range: it must be at least -9223372036854775808 and at most "
            "9223372036854775807.");
  EXPECT_EQ(Told(R"({"an_int32": 1e999999999999})").substr(0, 26), "'an_int32' is out of range");
  EXPECT_EQ(Told(R"({"a_double": 1e309})").substr(0, 26), "'a_double' is out of range");
  EXPECT_EQ(Told(R"({"a_float": -1e39})").substr(0, 25), "'a_float' is out of range");
  EXPECT_EQ(Told(R"({"a_value": 1e309})").substr(0, 25), "'a_value' is out of range");
  EXPECT_EQ(Told(R"({"an_int32": 1.5})"), "'an_int32' must be a whole number, without a fraction.");
  EXPECT_EQ(Told(R"({"an_int64": 1e-1})"), "'an_int64' must be a whole number, without a fraction.");
  EXPECT_EQ(Told(R"({"color": 1.5})"), "'color' must be a whole number, without a fraction.");
}

TEST(JsonDocument, WholeNumbersAreExactHoweverTheyAreWritten) {
  Everything message;
  ASSERT_EQ(
      EverythingType().from_json(
          R"({"int64s": [1e3, 1.0, -0, 120e-1, 9007199254740993.0, "5", "-9223372036854775808", 0e99999999999],
      "uint64s": [18446744073709551615, "18446744073709551615", 1.8446744073709551615e19, -0], "a_double": 1e-400})",
          {}, &message),
      absl::OkStatus());
  EXPECT_EQ(std::vector<int64_t>(message.int64s().begin(), message.int64s().end()),
            (std::vector<int64_t>{1000, 1, 0, 12, 9007199254740993, 5, INT64_MIN, 0}));
  EXPECT_EQ(std::vector<uint64_t>(message.uint64s().begin(), message.uint64s().end()),
            (std::vector<uint64_t>{UINT64_MAX, UINT64_MAX, UINT64_MAX, 0}));
  EXPECT_EQ(message.a_double(), 0);
}

TEST(JsonDocument, ValuesOfTheWrongTypeAreToldWithTheirPath) {
  EXPECT_EQ(Told(R"({"a_string": 5})"), "'a_string' must be a string, not a number.");
  EXPECT_EQ(Told(R"({"a_bool": "true"})"), "'a_bool' must be true or false, not a string.");
  EXPECT_EQ(Told(R"({"a_bool": 1})"), "'a_bool' must be true or false, not a number.");
  EXPECT_EQ(Told(R"({"an_int32": "x"})"), "'an_int32' must be a whole number, not a string.");
  EXPECT_EQ(Told(R"({"an_int32": " 1"})"), "'an_int32' must be a whole number, not a string.");
  EXPECT_EQ(Told(R"({"a_double": {}})"), "'a_double' must be a number, not an object.");
  EXPECT_EQ(Told(R"({"strings": "a"})"), "'strings' must be a list, not a string.");
  EXPECT_EQ(Told(R"({"strings": ["a", null]})"), "'strings[1]' must be a string, not null.");
  EXPECT_EQ(Told(R"({"nesteds": [{}, {"deeper": {"number": true}}]})"),
            "'nesteds[1].deeper.number' must be a whole number, not true.");
  EXPECT_EQ(Told(R"({"nested": []})"), "'nested' must be an object, not a list.");
  EXPECT_EQ(Told(R"({"nesteds_by_uint64": {"7": {"text": 1}}})"),
            "'nesteds_by_uint64[\"7\"].text' must be a string, not a number.");
  EXPECT_EQ(Told(R"({"nesteds_by_uint64": {"-7": {}}})"),
            "'nesteds_by_uint64[\"-7\"]' has a key of the wrong type.");
  EXPECT_EQ(Told(R"({"some_bytes": "a"})"), "'some_bytes' must be a string in base64.");
  EXPECT_EQ(Told(R"({"some_bytes": "a?=="})"), "'some_bytes' must be a string in base64.");
  EXPECT_EQ(Told(R"({"color": "BLUE"})"),
            "'color' must be one of COLOR_UNSPECIFIED, COLOR_RED, COLOR_GREEN, or a whole number.");
  EXPECT_EQ(Told(R"({"timestamp": "2026-02-30T00:00:00Z"})"),
            "'timestamp' must be a time such as \"2026-01-31T12:00:00Z\" (RFC 3339).");
  EXPECT_EQ(Told(R"({"duration": "1m"})"), "'duration' must be a duration such as \"1.5s\".");
  EXPECT_EQ(Told(R"({"field_mask": "a_b"})"),
            "'field_mask' must be names of fields in lowerCamelCase with commas between them.");
  EXPECT_EQ(Told(R"({"nothing": 1})"), "'nothing' must be an object, not a number.");
  EXPECT_EQ(Told(R"({"a_struct": {"a": 1}, "a_list": {}})"), "'a_list' must be a list, not an object.");
}

TEST(JsonDocument, LongKeysAreToldShort) {
  const std::string told = Told("{\"strings_by_string\": {\"" + Repeat("é", 1000) + "\": 1}}");
  EXPECT_LT(told.size(), 200u);
  EXPECT_NE(told.find("ééé..."), std::string::npos) << told;
}

TEST(JsonDocument, TheContractsSentenceIsUsed) {
  const std::string sentence = "'texts' field must be a non-empty list of strings.";
  const auto& type = sentiment::v1::AnalyzeSentimentRequestType();
  for (const char* json : {R"({"texts": "a"})", R"({"texts": [1]})", R"({"texts": ["a", null]})",
                           R"({"texts": ["a", ["b"]]})"}) {
    EXPECT_EQ(Told(json, type), sentence);
  }
  for (const char* json : {"{}", R"({"texts": null})", R"({"texts": []})"}) {
    sentiment::v1::AnalyzeSentimentRequest request;
    ASSERT_TRUE(type.from_json(json, {}, &request).ok());
    EXPECT_EQ(Message(type.validate(request)), sentence);
  }
  EXPECT_EQ(Told(R"({"texts": ["a"], "texts": ["a"]})", type), "'texts' is given more than once.");
  EXPECT_EQ(Told(R"({"texts": 1})", spam::v1::DetectSpamRequestType()),
            "'texts' must be a list of one to 1000 messages to judge.");
  spam::v1::DetectSpamRequest request;
  EXPECT_EQ(Message(spam::v1::DetectSpamRequestType().validate(request)),
            "'texts' must be a list of one to 1000 messages to judge.");
  for (int i = 0; i < 1001; ++i) request.add_texts("a");
  EXPECT_EQ(Message(spam::v1::DetectSpamRequestType().validate(request)),
            "'texts' must have at most 1000 items.");
}

// Of the processor, so that other work on the machine does not count.
std::chrono::nanoseconds ThreadTime() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// Eight times the text takes about eight times the time, some more where it leaves the caches; a quadratic step would take 64 times.
TEST(JsonDocument, CostIsLinear) {
  const auto cost = [](const std::string& json) {
    auto best = std::chrono::nanoseconds::max();
    for (int i = 0; i < 5; ++i) {
      const auto begin = ThreadTime();
      Everything message;
      (void)EverythingType().from_json(json, {}, &message);
      best = std::min(best, ThreadTime() - begin);
    }
    return static_cast<double>(best.count());
  };
  const auto shape = [](int which, size_t size) -> std::string {
    std::string members;
    switch (which) {
      case 0:  // unknown keys, all different
        for (size_t i = 0; i < size; ++i) members += StrCat("\"x", i, "\":1,");
        return "{" + members + "\"end\":1}";
      case 1:  // one long string of escapes
        return "{\"a_string\":\"" + Repeat("\\u00e9", size) + "\"}";
      case 2:  // a number of many digits
        return "{\"an_int64\":0." + Repeat("0", size) + "1e5}";
      case 3:  // keys with escapes
        for (size_t i = 0; i < size; ++i) members += StrCat("\"\\u0061", i, "\":\"\",");
        return "{\"strings_by_string\":{" + members + "\"end\":\"\"}}";
      default:
        return "{\"a_list\":[" + Repeat("[],", size) + "[]]}";
    }
  };
  for (int which = 0; which < 5; ++which) {
    const double once = cost(shape(which, 20000)), eight = cost(shape(which, 160000));
    EXPECT_LT(eight, 32 * once + 2e6) << which;
  }
}

}  // namespace
}  // namespace starling::everything::v1

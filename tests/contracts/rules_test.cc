// Every rule, kept and broken: what the caller is told, and which field and rule the status carries.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "starling/everything/v1/rules.starling.h"

namespace starling::everything::v1 {
namespace {

template <typename Message>
Message FromJson(const rpc::MessageType& type, std::string_view json) {
  Message message;
  EXPECT_EQ(type.from_json(json, {}, &message), absl::OkStatus()) << json;
  return message;
}

std::string Told(std::string_view json) {
  return std::string(Message(RulesType().validate(FromJson<Rules>(RulesType(), json))));
}

TEST(Rules, AMessageThatKeepsThemAllPasses) {
  for (
      const char* json : {
          "{}",
          R"({"an_int32": -2147483648, "an_int64": -9223372036854775808, "a_uint64": 18446744073709551615, "a_float": 1.5})",
          R"({"consent": true, "exact": "a\"b", "len": "éé", "min_len": "éé", "max_len": "éé", "len_bytes": "é"})",
          R"({"min_bytes": "é", "max_bytes": "é", "pattern": "abc", "affixed": "pre-fix", "chosen": "two", "unchosen": "three"})",
          R"({"email": "a.b+c@example.org", "uuid": "01234567-89ab-cdef-ABCD-0123456789ab", "or_empty": "abc", "unchecked": "a"})",
          R"({"exact_bytes": "AQI=", "bytes_len": "AAA=", "bytes_bounds": "AAAA", "bytes_affixed": "YWJj"})",
          R"({"defined": "WEATHER_BELOW_ZERO", "weather": 2, "no_rain": 1, "sun": 1})",
          R"({"items": ["a", "b", "c"], "places": [{"city": "Bern"}], "pairs": {"ab": 0, "cd": 1}})",
          R"({"duration": "60s", "timestamp": "2001-09-09T01:46:40Z", "wrapped": 1, "wrapped_text": "a"})",
          R"({"unchecked_place": {"city": "a name that is longer than twenty"}})",
      }) {
    EXPECT_EQ(Told(json), "") << json;
  }
}

TEST(Rules, EachBrokenRuleIsToldWithItsField) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"({"an_int32": 10})", "'an_int32' must be less than 10."},
      {R"({"an_int32": 7})", "'an_int32' must not be one of 7."},
      {R"({"an_int64": 6})", "'an_int64' must be at most 5."},
      {R"({"a_uint32": 100})", "'a_uint32' must be less than 100."},
      {R"({"a_uint64": 2})", "'a_uint64' must be one of 0, 1, 18446744073709551615."},
      {R"({"a_sint32": -3})", "'a_sint32' must be greater than -3."},
      {R"({"a_sint64": -4})", "'a_sint64' must be greater than -3."},
      {R"({"a_fixed32": 4})", "'a_fixed32' must be at most 3."},
      {R"({"a_fixed64": 4})", "'a_fixed64' must be at most 3."},
      {R"({"a_sfixed32": -1})", "'a_sfixed32' must be at least 0."},
      {R"({"a_sfixed64": -1})", "'a_sfixed64' must be at least 0."},
      {R"({"a_float": -0.75})", "'a_float' must be at least -0.5."},
      {R"({"a_float": "NaN"})", "'a_float' must be at most 1.5."},
      {R"({"a_double": "Infinity"})", "'a_double' must be a finite number."},
      {R"({"a_double": "NaN"})", "'a_double' must be a finite number."},
      {R"({"consent": false})", "'consent' must be true."},
      {R"({"exact": "a"})", "'exact' must be \"a\"b\"."},
      {R"({"len": "é"})", "'len' must have exactly 2 characters."},
      {R"({"min_len": "é"})", "'min_len' must have at least 2 characters."},
      {R"({"max_len": "abc"})", "'max_len' must have at most 2 characters."},
      {R"({"len_bytes": "éé"})", "'len_bytes' must have exactly 2 bytes."},
      {R"({"min_bytes": "a"})", "'min_bytes' must have at least 2 bytes."},
      {R"({"max_bytes": "éé"})", "'max_bytes' must have at most 2 bytes."},
      {R"({"pattern": "aB"})", "'pattern' must match the pattern ^[a-z]+$ (RE2)."},
      {R"({"affixed": "fix-fix"})", "'affixed' must begin with \"pre\"."},
      {R"({"affixed": "pre-pre"})", "'affixed' must end with \"fix\"."},
      {R"({"affixed": "prefix"})", "'affixed' must contain \"-\"."},
      {R"({"affixed": "pre-+fix"})", "'affixed' must not contain \"+\"."},
      {R"({"chosen": "three"})", "'chosen' must be one of \"one\", \"two\"."},
      {R"({"unchosen": "one"})", "'unchosen' must not be one of \"one\", \"two\"."},
      {R"({"email": "a@-b"})", "'email' must be an e-mail address."},
      {R"({"email": "@b"})", "'email' must be an e-mail address."},
      {R"({"uuid": "01234567-89ab-cdef-ABCD-0123456789ag"})", "'uuid' must be a UUID."},
      {R"({"or_empty": "ab"})", "'or_empty' must have at least 3 characters."},
      {R"({"exact_bytes": "AQ=="})", "'exact_bytes' must be 0x0102."},
      {R"({"bytes_len": "AA=="})", "'bytes_len' must have exactly 2 bytes."},
      {R"({"bytes_bounds": "AA=="})", "'bytes_bounds' must have at least 2 bytes."},
      {R"({"bytes_bounds": "AAAAAA=="})", "'bytes_bounds' must have at most 3 bytes."},
      {R"({"bytes_affixed": "YmJj"})", "'bytes_affixed' must begin with 0x61."},
      {R"({"bytes_affixed": "YWJi"})", "'bytes_affixed' must end with 0x63."},
      {R"({"bytes_affixed": "YWFj"})", "'bytes_affixed' must contain 0x62."},
      {R"({"defined": 9})", "'defined' must be a value that the contract names."},
      {R"({"weather": -1})", "'weather' must be one of WEATHER_SUN, WEATHER_RAIN."},
      {R"({"no_rain": 2})", "'no_rain' must not be one of WEATHER_RAIN."},
      {R"({"sun": 2})", "'sun' must be WEATHER_SUN."},
      {R"({"items": ["a", "b", "c", "d"]})", "'items' must have at most 3 items."},
      {R"({"items": ["a", "b", "a"]})", "'items[2]' is in the list already."},
      {R"({"items": ["a", ""]})", "'items[1]' must have at least 1 character."},
      {R"({"places": [{}, {"city": "a name that is longer than twenty"}]})",
       "'places[1].city' must have at most 20 characters."},
      {R"({"place": {"city": "a name that is longer than twenty"}})",
       "'place.city' must have at most 20 characters."},
      {R"({"pairs": {"ab": 0, "cd": 1, "ef": 2}})", "'pairs' must have at most 2 pairs."},
      {R"({"pairs": {"a": 0}})", "'pairs[\"a\"]' must have at least 2 characters."},
      {R"({"pairs": {"ab": -1}})", "'pairs[\"ab\"]' must be at least 0."},
      {R"({"places_by_bool": {"true": {"city": "a name that is longer than twenty"}}})",
       "'places_by_bool[\"true\"].city' must have at most 20 characters."},
      {R"({"duration": "0s"})", "'duration' must be greater than 0s."},
      {R"({"duration": "60.000000001s"})", "'duration' must be at most 60s."},
      {R"({"timestamp": "2001-09-09T01:46:39.999Z"})", "'timestamp' must be at least 2001-09-09T01:46:40Z."},
      {R"({"wrapped": 0})", "'wrapped' must be at least 1."},
      {R"({"wrapped_text": ""})", "'wrapped_text' must have at least 1 character."},
  };
  for (const auto& [json, sentence] : cases) EXPECT_EQ(Told(json), sentence) << json;
}

TEST(Rules, TheStatusCarriesFieldAndRule) {
  Rules rules;
  rules.add_items("");
  const auto payload = RulesType().validate(rules).GetPayload("type.googleapis.com/google.rpc.BadRequest");
  ASSERT_TRUE(payload.has_value());
  const std::string bytes(*payload);
  EXPECT_NE(bytes.find("items[0]"), std::string::npos);
  EXPECT_NE(bytes.find("string.min_len"), std::string::npos);
}

std::string RequiredTold(std::string_view json) {
  return std::string(Message(RequiredType().validate(FromJson<Required>(RequiredType(), json))));
}

TEST(Rules, RequiredFieldsAndTheContractsSentence) {
  const std::string all =
      R"("text": "a", "list": ["a"], "pairs": {"a": ""}, "place": {}, "number": 1, "by_number": 0)";
  const auto without = [&](std::string_view field) {
    std::string json = "{" + all + "}";
    const size_t at = json.find(StrCat("\"", field, "\""));
    return json.replace(at + 1, 0, "_");
  };
  EXPECT_EQ(RequiredTold("{" + all + "}"), "");
  EXPECT_EQ(RequiredTold(without("text")), "Say something.");
  EXPECT_EQ(RequiredTold(without("list")), "A list, please.");
  EXPECT_EQ(RequiredTold(without("pairs")), "'pairs' must have at least 1 pair.");
  EXPECT_EQ(RequiredTold(without("place")), "Where?");
  EXPECT_EQ(RequiredTold(without("number")), "'number' is required and must not be zero.");
  EXPECT_EQ(RequiredTold(without("by_number")), "'way' is required: one of by_name, by_number must be set.");
}

// Rules of items and of fields inside, and other rules of the field, are told by what was broken.
TEST(Rules, OtherRulesDoNotUseTheContractsSentence) {
  Required required;
  required.set_text("a");
  required.add_list("");
  EXPECT_EQ(Message(RequiredType().validate(required)), "'list[0]' must have at least 1 character.");
  *required.mutable_list(0) = "a";
  required.add_list("a");
  required.add_list("a");
  EXPECT_EQ(Message(RequiredType().validate(required)), "'list' must have at most 2 items.");
  required.mutable_list()->RemoveLast();
  (*required.mutable_pairs())["a"] = "";
  required.mutable_place()->set_city("a name that is longer than twenty");
  EXPECT_EQ(Message(RequiredType().validate(required)), "'place.city' must have at most 20 characters.");
}

}  // namespace
}  // namespace starling::everything::v1

// Requests from path, query and body, as google/api/http.proto says, through the generated bindings of Find and Count.
#include <gtest/gtest.h>

#include <string>

#include "base/status.h"
#include "starling/everything/v1/everything.starling.h"

namespace starling::everything::v1 {
namespace {

using Query = std::vector<std::pair<std::string, std::string>>;

const rpc::Method& MethodNamed(std::string_view name) {
  for (const auto& method : EverythingServiceContract().methods) {
    if (method.name == name) return method;
  }
  return EverythingServiceContract().methods[0];
}

const rpc::HttpRule& FindRule(size_t index) { return MethodNamed("Find").http[index]; }

absl::StatusOr<FindRequest> Decode(size_t rule, std::vector<std::string> path, Query query,
                                   std::string_view body = "") {
  FindRequest request;
  const auto status = FindRule(rule).decode({std::move(path), std::move(query)}, body, {}, &request);
  if (!status.ok()) return status;
  return request;
}

std::string Told(size_t rule, Query query, std::string_view body = "") {
  return std::string(Message(Decode(rule, {"a", "b"}, std::move(query), body).status()));
}

TEST(HttpRequest, ThePathFeedsNestedFieldsAndTheRest) {
  const auto request = Decode(0, {"Bern", "a/b/c"}, {});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->place().city(), "Bern");
  EXPECT_EQ(request->name(), "a/b/c");
  CountRequest count;
  ASSERT_TRUE(MethodNamed("Count").http[0].decode({{"12"}, {}}, "", {}, &count).ok());
  EXPECT_EQ(count.to(), 12);
  EXPECT_EQ(Message(MethodNamed("Count").http[0].decode({{"x"}, {}}, "", {}, &count)),
            "'to' must be a whole number.");
}

TEST(HttpRequest, TheQueryFeedsEveryOtherField) {
  const auto request = Decode(2, {},
                              {{"name", "é"},
                               {"place.city", "Bern"},
                               {"place.latitude", "46.9"},
                               {"colors", "COLOR_RED"},
                               {"colors", "2"},
                               {"colors", "99"},
                               {"exact", "true"},
                               {"score", "0.5"},
                               {"page", "-9223372036854775808"},
                               {"token", "-_8="},
                               {"filter.words", "a,b"},
                               {"filter.words", ""},
                               {"filter.after", "2026-01-31T12:00:00+01:00"},
                               {"unknown", "x"},
                               {"place.unknown", "x"},
                               {"name.city", "x"}});
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->name(), "é");
  EXPECT_EQ(request->place().city(), "Bern");
  EXPECT_EQ(request->place().latitude(), 46.9);
  ASSERT_EQ(request->colors_size(), 3);
  EXPECT_EQ(request->colors(0), Everything::COLOR_RED);
  EXPECT_EQ(request->colors(1), Everything::COLOR_GREEN);
  EXPECT_EQ(static_cast<int>(request->colors(2)), 99);
  EXPECT_TRUE(request->exact());
  EXPECT_EQ(request->score().value(), 0.5);
  EXPECT_EQ(request->page(), INT64_MIN);
  EXPECT_EQ(request->token(), "\xfb\xff");
  ASSERT_EQ(request->filter().words_size(), 2);
  EXPECT_EQ(request->filter().words(0), "a,b");
  EXPECT_EQ(request->filter().after().seconds(), 1769857200);
}

TEST(HttpRequest, FaultsOfParametersAreToldWithTheirPath) {
  EXPECT_EQ(Told(2, {{"exact", "yes"}}), "'exact' must be true or false.");
  EXPECT_EQ(Told(2, {{"filter.limit", "1.5"}}), "'filter.limit' must be a whole number, without a fraction.");
  EXPECT_EQ(Told(2, {{"colors", "BLUE"}}),
            "'colors' must be one of COLOR_UNSPECIFIED, COLOR_RED, COLOR_GREEN, or a whole number.");
  EXPECT_EQ(Told(2, {{"filter", "x"}}), "'filter' must be an object.");
  EXPECT_EQ(Told(2, {{"name", "\xff"}}), "'name' is not valid UTF-8.");
  EXPECT_EQ(Told(2, {{"page", "1"}, {"page", "1"}}), "'page' is given more than once.");
  EXPECT_EQ(Told(2, {{"place.city", "a"}, {"place.city", "a"}}), "'place.city' is given more than once.");
}

TEST(HttpRequest, ABodyFieldComesFromTheBodyAndTheRestFromTheQuery) {
  const auto request = Decode(1, {"n"}, {{"exact", "true"}, {"filter.limit", "7"}, {"name", "other"}},
                              R"({"words": ["a"], "limit": 5})");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->name(), "n");
  EXPECT_TRUE(request->exact());
  EXPECT_EQ(request->filter().limit(), 5);
  EXPECT_EQ(request->filter().words_size(), 1);
  const auto empty = Decode(1, {"n"}, {});
  ASSERT_TRUE(empty.ok());
  EXPECT_FALSE(empty->has_filter());
  EXPECT_EQ(Told(1, {}, R"({"words": [1]})"), "'filter.words[0]' must be a string, not a number.");
  EXPECT_EQ(Told(1, {}, "[]"), "'filter' must be an object, not a list.");
  EXPECT_EQ(Told(1, {}, "{} {}"),
            "The JSON is malformed at line 1, column 4: nothing may follow the end of the document.");
}

TEST(HttpRequest, TheWholeBodyIsTheRequest) {
  Everything message;
  const auto& rule = MethodNamed("Echo").http[0];
  ASSERT_TRUE(rule.decode({{}, {{"a_string", "ignored"}}}, R"({"aString": "x"})", {}, &message).ok());
  EXPECT_EQ(message.a_string(), "x");
  EXPECT_EQ(Message(rule.decode({{}, {}}, "", {}, &message)),
            "The body is empty; it must be a JSON document.");
}

TEST(HttpRequest, TheAnswerIsTheResponseOrOneFieldOfIt) {
  FindResponse response;
  response.add_names("a");
  response.set_total(5000000000);
  std::string whole, names;
  FindRule(1).encode(response, &whole);
  EXPECT_EQ(whole, R"({"names":["a"],"total":5000000000})");
  FindRule(0).encode(response, &names);
  EXPECT_EQ(names, R"(["a"])");
}

}  // namespace
}  // namespace starling::everything::v1

#include "services/models/oip/json/json_bodies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace starling::models::oip {
namespace {

using testing::ElementsAre;

TEST(JsonBodiesTest, FlatBodies) {
  const auto fields = ReadFlatBody(Bytes(R"({"key": "/k", "byte_size": 64, "on": true})"));
  ASSERT_TRUE(fields.ok()) << fields.status();
  EXPECT_EQ(**fields->Text("key"), "/k");
  EXPECT_EQ(**fields->Count("byte_size"), 64u);
  EXPECT_TRUE(**fields->Bool("on"));
  EXPECT_TRUE(ReadFlatBody(Bytes())->empty());
  EXPECT_FALSE(ReadFlatBody(Bytes("[]")).ok());
  EXPECT_FALSE(ReadFlatBody(Bytes(R"({"a": 1, "a": 2})")).ok());
  EXPECT_FALSE(ReadFlatBody(Bytes(R"({"a": 1} x)")).ok());
}

TEST(JsonBodiesTest, ParametersBodies) {
  const auto parameters = ReadParametersBody(Bytes(R"({"parameters": {"unload_dependents": true}, "x": 1})"));
  ASSERT_TRUE(parameters.ok()) << parameters.status();
  EXPECT_TRUE(**parameters->Bool("unload_dependents"));
  EXPECT_FALSE(ReadParametersBody(Bytes(R"({"parameters": 1})")).ok());
}

TEST(JsonBodiesTest, TraceBodies) {
  const auto settings = ReadTraceBody(
      Bytes(R"({"trace_level": ["OFF"], "trace_rate": 100, "trace_count": "5", "trace_file": null})"));
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_THAT(settings->at("trace_level"), ElementsAre("OFF"));
  EXPECT_THAT(settings->at("trace_rate"), ElementsAre("100"));
  EXPECT_THAT(settings->at("trace_count"), ElementsAre("5"));
  EXPECT_THAT(settings->at("trace_file"), ElementsAre());
}

}  // namespace
}  // namespace starling::models::oip

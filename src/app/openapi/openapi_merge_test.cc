#include "app/openapi/openapi_merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace starling::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kBase =
    R"({"openapi": "3.1.0", "tags": [{"name": "Pages"}], "paths": {"/page": {"get": {}}},
        "components": {"schemas": {"Error": {}}, "headers": {}}})";

rpc::Contract Contract(std::string_view service, std::string_view openapi) {
  return {service, {}, "", openapi};
}

std::string Merged(const std::vector<rpc::Contract>& contracts) {
  OpenApiMerge merge;
  for (const rpc::Contract& contract : contracts) EXPECT_TRUE(merge.Add(contract).ok());
  return merge.Document(kBase);
}

TEST(OpenApiMerge, PutsContractsBeforeTheBaseInTheirOrder) {
  const std::string document = Merged(
      {Contract(
           "b.v1.B",
           R"({"tags":[{"name":"B"}],"paths":{"/b":{"get":{"operationId":"B_Get"}}},"components":{"schemas":{"b.v1.M":{}}}})"),
       Contract(
           "a.v1.A",
           R"({"tags":[{"name":"A"}],"paths":{"/a":{"get":{"operationId":"A_Get"}}},"components":{"schemas":{"a.v1.M":{}}}})")});
  EXPECT_EQ(
      document,
      R"({"openapi":"3.1.0","tags":[{"name":"B"},{"name":"A"},{"name":"Pages"}],"paths":{"/b":{"get":{"operationId":"B_Get"}},)"
      R"("/a":{"get":{"operationId":"A_Get"}},"/page":{"get":{}}},"components":{"schemas":{"a.v1.M":{},"b.v1.M":{},"Error":{}},"headers":{}}})"
      "\n");
}

TEST(OpenApiMerge, VerbsOfOnePathComeTogetherUnderItsFirstNames) {
  const std::string document = Merged(
      {Contract(
           "a.v1.A",
           R"({"tags":[],"paths":{"/x/{name}":{"get":{"operationId":"A_Get"}}},"components":{"schemas":{}}})"),
       Contract(
           "b.v1.B",
           R"({"tags":[],"paths":{"/x/{id}":{"put":{"operationId":"B_Put","parameters":[{"name":"id","in":"path"},{"name":"id","in":"query"}]}}},"components":{"schemas":{}}})")});
  EXPECT_THAT(
      document,
      HasSubstr(
          R"("/x/{name}":{"get":{"operationId":"A_Get"},"put":{"operationId":"B_Put","parameters":[{"name":"name","in":"path"},{"name":"id","in":"query"}]}})"));
  EXPECT_THAT(document, Not(HasSubstr("{id}")));
}

TEST(OpenApiMerge, IdsThatAreTakenGetTheirPackage) {
  constexpr std::string_view kOne =
      R"({"tags":[],"paths":{"/one":{"get":{"operationId":"S_Get"}}},"components":{"schemas":{}}})";
  constexpr std::string_view kTwo =
      R"({"tags":[],"paths":{"/two":{"get":{"operationId":"S_Get"}}},"components":{"schemas":{}}})";
  const std::string document = Merged({Contract("p.v1.S", kOne), Contract("p.v2.S", kTwo)});
  EXPECT_THAT(document, HasSubstr(R"("/one":{"get":{"operationId":"S_Get"}})"));
  EXPECT_THAT(document, HasSubstr(R"("/two":{"get":{"operationId":"p.v2.S_Get"}})"));
}

TEST(OpenApiMerge, SchemasOfOneNameThatDifferBothStay) {
  constexpr std::string_view kLax =
      R"({"tags":[],"paths":{"/one":{"get":{"operationId":"A","x":{"$ref":"#/components/schemas/c.M"}}}},"components":{"schemas":{"c.M":{"type":"object"}}}})";
  constexpr std::string_view kStrict =
      R"({"tags":[],"paths":{"/two":{"get":{"operationId":"B","x":{"$ref":"#/components/schemas/c.M"}}}},"components":{"schemas":{"c.M":{"type":"object","required":["a"]},"c.N":{"$ref":"#/components/schemas/c.M"}}}})";
  const std::string document =
      Merged({Contract("p.A", kLax), Contract("p.B", kStrict), Contract("p.C", kLax)});
  EXPECT_THAT(document,
              HasSubstr(R"("/one":{"get":{"operationId":"A","x":{"$ref":"#/components/schemas/c.M"}})"));
  EXPECT_THAT(document,
              HasSubstr(R"("/two":{"get":{"operationId":"B","x":{"$ref":"#/components/schemas/p.B.c.M"}}})"));
  EXPECT_THAT(
      document,
      HasSubstr(
          R"("c.M":{"type":"object"},"c.N":{"$ref":"#/components/schemas/p.B.c.M"},"p.B.c.M":{"type":"object","required":["a"]})"));
}

TEST(OpenApiMerge, RefusesWhatIsNoDocument) {
  OpenApiMerge merge;
  for (const std::string_view openapi :
       {"", "[]", "{}", R"({"tags":[],"paths":{"/a":{"get":{}}},"components":{"schemas":{}}})"}) {
    EXPECT_EQ(merge.Add(Contract("a.v1.A", openapi)).code(), absl::StatusCode::kInternal) << openapi;
  }
  EXPECT_THAT(merge.Document(kBase), HasSubstr(R"("paths":{"/page":{"get":{}}})"));
}

}  // namespace
}  // namespace starling::app

#include "app/openapi/openapi_adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace starling::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr rpc::Method kRename{.path = "/a.v1.AService/Rename",
                              .service = "a.v1.AService",
                              .name = "Rename",
                              .shape = rpc::CallShape::kUnary,
                              .safe = false,
                              .access = rpc::Access::kPublic,
                              .scope = {},
                              .request = nullptr,
                              .response = nullptr,
                              .http = {}};
constexpr rpc::Contract kContract{
    "a.v1.AService",
    {},
    {},
    R"({"tags":[],"paths":{"/a/{name}":{"post":{"operationId":"AService_Rename","summary":"Renames it",
        "parameters":[{"name":"name","in":"path","required":true,"schema":{"type":"string"}}],
        "requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/a.v1.R"}}}},
        "responses":{"200":{"description":"Done."}}}}},"components":{"schemas":{}}})"};

std::string DocumentOf(http::AdapterRoute route, std::string_view error_schema = {}) {
  run::AdapterDefinition adapter;
  adapter.name = "odd";
  adapter.title = "Odd";
  adapter.error_schema = error_schema;
  adapter.routes.push_back(std::move(route));
  const auto document = AdapterOpenApi(adapter, {&kContract});
  return document.ok() ? *document : std::string(document.status().message());
}

TEST(AdapterOpenApi, SaysWhatARouteSaysOfItself) {
  const std::string document = DocumentOf({.verb = "PUT",
                                           .path = "/odd/{id}/{path=**}",
                                           .access = rpc::Access::kScope,
                                           .scope = "odd.write",
                                           .description = {.summary = "Keeps it",
                                                           .query = {"overwrite"},
                                                           .body = {"application/octet-stream"},
                                                           .answer = {}}},
                                          R"({"type":"object"})");
  EXPECT_THAT(document, HasSubstr(R"("/odd/{id}/{path}":{"put":{"tags":["Odd"],"summary":"Keeps it")"));
  EXPECT_THAT(document,
              HasSubstr(R"({"name":"path","in":"path","required":true,"schema":{"type":"string"}})"));
  EXPECT_THAT(document, HasSubstr(R"({"name":"overwrite","in":"query","schema":{"type":"string"}})"));
  EXPECT_THAT(document,
              HasSubstr(R"("requestBody":{"required":true,"content":{"application/octet-stream":{}}})"));
  EXPECT_THAT(document, HasSubstr(R"("security":[{"BearerKey":["odd.write"]},{"ApiKey":["odd.write"]}])"));
  EXPECT_THAT(document, HasSubstr(R"({"schema":{"$ref":"#/components/schemas/odd.Error"}})"));
  EXPECT_THAT(document, HasSubstr(R"("components":{"schemas":{"odd.Error":{"type":"object"}}})"));
}

TEST(AdapterOpenApi, SaysWhatARoutesJsonIs) {
  const http::AdapterRoute route = {
      .verb = "POST",
      .path = "/odd",
      .access = rpc::Access::kPublic,
      .description = {.summary = "Adds",
                      .body = {"application/json", "text/csv"},
                      .body_json = R"({"schema": {"type": "array"}, "example": [1]})",
                      .answer_json = R"({"schema": {"type": "number"}})"}};
  const std::string document = DocumentOf(route);
  EXPECT_THAT(
      document,
      HasSubstr(
          R"("content":{"application/json":{"schema":{"type":"array"},"example":[1]},"text/csv":{}}})"));
  EXPECT_THAT(document, HasSubstr(R"("content":{"application/json":{"schema":{"type":"number"}}}})"));
  http::AdapterRoute broken = route;
  broken.description.body_json = "{";
  EXPECT_THAT(DocumentOf(broken), HasSubstr("can't be described"));
}

TEST(AdapterOpenApi, TakesFromTheContractWhatARouteSharesWithIt) {
  const std::string body = DocumentOf(
      {.verb = "POST", .path = "/odd/rename", .access = rpc::Access::kPublic, .admitted_as = &kRename});
  EXPECT_THAT(body, HasSubstr(R"("summary":"Renames it")"));
  EXPECT_THAT(body, HasSubstr(R"("200":{"description":"Done."})"));
  EXPECT_THAT(
      body,
      HasSubstr(
          R"("properties":{"name":{"type":"string"}},"allOf":[{"$ref":"#/components/schemas/a.v1.R"}])"));
  EXPECT_THAT(body, Not(HasSubstr("parameters")));
  EXPECT_THAT(body, HasSubstr(R"("$ref":"#/components/schemas/Error")"));
  const std::string query = DocumentOf(
      {.verb = "GET", .path = "/odd/rename", .access = rpc::Access::kPublic, .admitted_as = &kRename});
  EXPECT_THAT(query, HasSubstr(R"("parameters":[{"name":"name","in":"query","schema":{"type":"string"}}])"));
  EXPECT_THAT(query, Not(HasSubstr("requestBody")));
}

TEST(AdapterOpenApi, LeavesOutWhatNobodyMayCallAndRefusesWhatIsNotDescribed) {
  EXPECT_THAT(DocumentOf({.verb = "GET", .path = "/odd/hidden", .description = {.summary = "Hidden"}}),
              Not(HasSubstr("hidden")));
  EXPECT_THAT(DocumentOf({.verb = "GET", .path = "/odd/bare", .access = rpc::Access::kPublic}),
              HasSubstr("can't be described"));
}

}  // namespace
}  // namespace starling::app

#include "core/http/routing/negotiation.h"

#include <gtest/gtest.h>

namespace starling::http {
namespace {

TEST(NegotiationTest, TypesByTheMostSpecificItem) {
  constexpr std::string_view kJson = "application/json";
  EXPECT_TRUE(AcceptsType(std::nullopt, kJson));
  for (const char* yes :
       {"", "*/*", "application/*", "application/json", "Application/JSON; q=0.1", "text/html, */*;q=0.1",
        "application/json;charset=utf-8", "text/html , application/json", "*/*;q=0, application/json",
        "application/*;q=0,application/json;q=0.001"}) {
    EXPECT_TRUE(AcceptsType(yes, kJson)) << yes;
  }
  for (const char* no :
       {"text/html", "application/xml", "application/json;q=0", "*/*, application/json;q=0.000", "text/*",
        "*/*;q=0", "application/jso", ",", "json"}) {
    EXPECT_FALSE(AcceptsType(no, kJson)) << no;
  }
}

TEST(NegotiationTest, CodingsMustBeAskedFor) {
  for (const char* yes :
       {"gzip", "GZIP", "deflate, gzip;q=0.5", "*", "br;q=1.0, *;q=0.1", "identity;q=0, gzip"}) {
    EXPECT_TRUE(AcceptsCoding(yes, "gzip")) << yes;
  }
  for (const char* no : {"", "deflate", "gzip;q=0", "*;q=0", "gzip;q=0, *", "xgzip"}) {
    EXPECT_FALSE(AcceptsCoding(no, "gzip")) << no;
  }
}

}  // namespace
}  // namespace starling::http

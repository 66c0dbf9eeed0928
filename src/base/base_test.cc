#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/json_quote.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace starling {
namespace {

TEST(StatusTest, RetryAfterTravelsWithTheStatus) {
  const absl::Status status = WithRetryAfter(Unavailable("loading"), std::chrono::milliseconds(2500));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(RetryAfter(status), std::chrono::milliseconds(2500));
  EXPECT_EQ(RetryAfter(Unavailable("down")), std::nullopt);
}

TEST(StatusTest, HostileRetryInfoIsBounded) {
  absl::Status status = Unavailable("x");
  status.SetPayload("type.googleapis.com/google.rpc.RetryInfo",
                    absl::Cord("\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
  EXPECT_EQ(RetryAfter(status), std::chrono::hours(24));
}

TEST(StatusTest, ViolationSaysTheSentence) {
  const absl::Status status = ViolationError({"texts", "repeated.min_items", "'texts' must not be empty."});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Message(status), "'texts' must not be empty.");
  EXPECT_TRUE(status.GetPayload("type.googleapis.com/google.rpc.BadRequest").has_value());
}

TEST(Utf8Test, FollowsTheTableOfWellFormedSequences) {
  for (const char* good :
       {"", "plain", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf", "eight plain bytes and \xf0\x9f\x99\x82"}) {
    EXPECT_TRUE(IsValidUtf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc2", "\xe1\x80", "abcdefgh\xff"}) {
    EXPECT_FALSE(IsValidUtf8(bad)) << bad;
  }
}

TEST(BytesTest, SlicesShareTheOwner) {
  Bytes tail;
  {
    Bytes whole(std::string("hello, starling"));
    tail = whole.Slice(7);
  }
  EXPECT_EQ(tail.view(), "starling");
}

TEST(JsonQuoteTest, IsAlwaysValidJson) {
  EXPECT_EQ(JsonQuote("a\"b\\c\n\t\x01\x7f"), R"("a\"b\\c\n\t\u0001\u007f")");
  EXPECT_EQ(JsonQuote("gr\xc3\xbc\xc3\x9f \xf0\x9f\x99\x82"), "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x99\x82\"");
  EXPECT_EQ(JsonQuote("a\xffz\xe2\x82"), "\"a\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(StringsTest, ConcatenatesStdViews) { EXPECT_EQ(StrCat(std::string_view("a"), 1, "b"), "a1b"); }

}  // namespace
}  // namespace starling

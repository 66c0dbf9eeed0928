#include "load/response.h"

#include <gtest/gtest.h>

#include <string>

namespace starling::bench {
namespace {

TEST(ResponseTest, EndsAfterItsBody) {
  const std::string one = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nserver: x\r\n\r\nhello";
  const auto end = FindEnd(one + "HTTP/1.1 503");
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->status, 200);
  EXPECT_EQ(end->size, one.size());
  EXPECT_FALSE(end->close);
}

TEST(ResponseTest, IsIncompleteUpToItsLastByte) {
  const std::string one =
      "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno";
  for (size_t size = 0; size < one.size(); ++size)
    EXPECT_FALSE(FindEnd(one.substr(0, size)).has_value()) << size;
  EXPECT_EQ(FindEnd(one)->status, 503);
  EXPECT_TRUE(FindEnd(one)->close);
}

TEST(ResponseTest, RefusesWhatItCannotMeasure) {
  EXPECT_EQ(FindEnd("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")->size, 0U);
  EXPECT_EQ(FindEnd("HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n")->size, 0U);
  EXPECT_EQ(FindEnd("SSH-2.0\r\n\r\n")->size, 0U);
  EXPECT_GT(FindEnd("HTTP/1.1 204 No Content\r\n\r\n")->size, 0U);
}

}  // namespace
}  // namespace starling::bench

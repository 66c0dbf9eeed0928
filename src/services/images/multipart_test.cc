#include "services/images/multipart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace starling::images {
namespace {

using testing::HasSubstr;

constexpr char kType[] = "multipart/form-data; boundary=xyz";

std::string Refusal(std::string_view type, std::string_view body) {
  const absl::Status status = ParseMultipart(type, body).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(Message(status));
}

TEST(MultipartTest, ReadsFilesAndFields) {
  const std::string content("\x89PNG\r\n\x1a\n\0--xyz", 14);
  const std::string body =
      "--xyz\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a \\\"b\\\".png\"\r\n"
      "Content-Type: image/png\r\n\r\n" +
      content + "\r\n--xyz  \r\ncontent-disposition:form-data;name=top\r\n\r\n5\r\n--xyz--\r\n";
  const auto parts = ParseMultipart("Multipart/Form-Data; charset=utf-8; boundary=\"xyz\"", body);
  ASSERT_TRUE(parts.ok()) << parts.status();
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_EQ((*parts)[0].name, "image");
  EXPECT_TRUE((*parts)[0].is_file);
  EXPECT_EQ((*parts)[0].content, content);
  EXPECT_EQ((*parts)[1].name, "top");
  EXPECT_FALSE((*parts)[1].is_file);
  EXPECT_EQ((*parts)[1].content, "5");
}

TEST(MultipartTest, APreambleAndAnEmptyFormAreAllowed) {
  const auto parts = ParseMultipart(kType, "hello\r\n--xyz--");
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_TRUE(parts->empty());
}

TEST(MultipartTest, BrokenFormsAreRefused) {
  EXPECT_THAT(Refusal("multipart/form-data", ""), HasSubstr("boundary"));
  EXPECT_THAT(Refusal("multipart/form-data; boundary=", ""), HasSubstr("boundary"));
  EXPECT_THAT(Refusal("multipart/form-data; boundary=\"x", ""), HasSubstr("boundary"));
  EXPECT_THAT(Refusal("multipart/form-data; boundary=" + std::string(71, 'x'), ""), HasSubstr("boundary"));
  EXPECT_THAT(Refusal(kType, ""), HasSubstr("does not end"));
  EXPECT_THAT(Refusal(kType, "--xyz\r\ncontent-disposition: form-data; name=a\r\n\r\nb"),
              HasSubstr("does not end"));
  EXPECT_THAT(Refusal(kType, "--xyzz\r\ncontent-disposition: form-data; name=a\r\n\r\nb\r\n--xyz--"),
              HasSubstr("does not end"));
  EXPECT_THAT(Refusal(kType, "--xyz\r\ncontent-type: a/b\r\n\r\nb\r\n--xyz--"), HasSubstr("no name"));
  EXPECT_THAT(Refusal(kType, "--xyz\r\nno headers\r\n--xyz--"), HasSubstr("no end of its header lines"));
  std::string many;
  for (int i = 0; i < 17; ++i) many += "--xyz\r\ncontent-disposition: form-data; name=a\r\n\r\nb\r\n";
  EXPECT_THAT(Refusal(kType, many + "--xyz--"), HasSubstr("at most 16 parts"));
}

}  // namespace
}  // namespace starling::images

#include "services/images/upload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace starling::images {
namespace {

using testing::HasSubstr;

std::string Refusal(std::string_view type, std::string_view body,
                    std::optional<std::string_view> top = std::nullopt) {
  const absl::Status status = ReadUpload(type, body, top).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(Message(status));
}

TEST(UploadTest, TheContentTypeSaysHowTheBodyIsRead) {
  EXPECT_EQ(KindOf("Image/PNG"), UploadKind::kFile);
  EXPECT_EQ(KindOf("image/jpeg; q=1"), UploadKind::kFile);
  EXPECT_EQ(KindOf("multipart/form-data; boundary=x"), UploadKind::kForm);
  EXPECT_EQ(KindOf("application/json"), UploadKind::kJson);
  EXPECT_EQ(KindOf(std::nullopt), UploadKind::kJson);
  EXPECT_EQ(KindOf("text/html"), UploadKind::kUnknown);
}

TEST(UploadTest, AllFormsGiveTheSameRequest) {
  const auto file = ReadUpload("image/png", "abc", "4");
  const auto json = ReadUpload("application/json", R"({"image": "YWJj", "top": 4})", std::nullopt);
  const auto form = ReadUpload("multipart/form-data; boundary=x",
                               "--x\r\ncontent-disposition: form-data; name=f; filename=f\r\n\r\nabc\r\n"
                               "--x\r\ncontent-disposition: form-data; name=top\r\n\r\n4\r\n--x--",
                               std::nullopt);
  for (const auto* request : {&file, &json, &form}) {
    ASSERT_TRUE(request->ok()) << request->status();
    EXPECT_EQ((*request)->image(), "abc");
    EXPECT_EQ((*request)->top(), 4);
  }
}

TEST(UploadTest, TheContractsRulesHoldForAll) {
  const std::string missing = "'image' field must be a PNG or JPEG file, in JSON as base64.";
  EXPECT_EQ(Refusal("image/png", ""), missing);
  EXPECT_EQ(Refusal("application/json", "{}"), missing);
  EXPECT_EQ(Refusal("application/json", R"({"image": "%"})"), missing);
  EXPECT_EQ(Refusal("multipart/form-data; boundary=x", "\r\n--x--"), missing);
  EXPECT_THAT(Refusal("image/png", "abc", "many"), HasSubstr("'top'"));
  EXPECT_THAT(Refusal("image/png", "abc", "-1"), HasSubstr("'top'"));
  const std::string part = "--x\r\ncontent-disposition: form-data; name=image\r\n\r\nabc\r\n";
  EXPECT_THAT(Refusal("multipart/form-data; boundary=x", part + part + "--x--"), HasSubstr("one image"));
}

}  // namespace
}  // namespace starling::images

// Against the server of tests/harness/with_s3, which checks signatures.
#include "backends/blob_s3/blob_s3.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "backends/blob_s3/client.h"
#include "backends/blob_s3/xml.h"
#include "base/status.h"
#include "core/store/testing/blob_conformance.h"

namespace starling::blob_s3 {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

store::S3Config ConfigOf(const std::string& prefix) {
  store::S3Config config;
  config.endpoint = std::getenv("STARLING_TEST_S3_ENDPOINT");
  config.bucket = std::getenv("STARLING_TEST_S3_BUCKET");
  config.prefix = prefix;
  config.retry_for = std::chrono::milliseconds(2'000);
  return config;
}

const bool kRegistered = [] {
  store::RegisterBlobConformance("s3", [] {
    static int tests = 0;
    auto opened = OpenBlobS3(ConfigOf(StrCat("conformance/", tests++)));
    EXPECT_TRUE(opened.ok()) << opened.status();
    return std::shared_ptr<store::Blobs>(*std::move(opened));
  });
  return true;
}();

constexpr int64_t kPart = int64_t{5} << 20;

class BlobS3Test : public ::testing::Test {
 public:
  BlobS3Test() {
    config.part_bytes = kPart;
    blobs = *OpenBlobS3(config);
  }

  absl::Status Put(std::string_view key, std::string_view bytes) {
    ASSIGN_OR_RETURN(const auto writer, blobs->Create(key));
    RETURN_IF_ERROR(writer->Append(bytes));
    return writer->Commit();
  }
  // The keys of the bucket's unfinished multipart uploads.
  std::vector<std::string> Unfinished() const {
    const auto client = *Client::Make(config);
    const auto listed = client->Call({.verb = "GET", .key = "", .query = {{"uploads", ""}}});
    EXPECT_TRUE(listed.ok()) << listed.status();
    std::vector<std::string> keys;
    EXPECT_TRUE(ForEachElement(listed->body, [&](std::string_view path, const std::string& text) {
      if (path == "ListMultipartUploadsResult/Upload/Key") keys.push_back(text);
    }));
    return keys;
  }

  store::S3Config config =
      ConfigOf(StrCat("own/", ::testing::UnitTest::GetInstance()->current_test_info()->name(), "/"));
  std::unique_ptr<store::Blobs> blobs;
};

// Bytes that differ from place to place.
std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 2654435761U) >> 13);
  return bytes;
}

TEST_F(BlobS3Test, WhatIsLargerThanAPartGoesUpInParts) {
  for (const size_t size : {static_cast<size_t>(kPart), static_cast<size_t>(kPart) + 1,
                            static_cast<size_t>(2 * kPart), static_cast<size_t>(2 * kPart) + 12'345}) {
    const std::string bytes = Pattern(size);
    const auto writer = *blobs->Create("large");
    for (size_t at = 0; at < size; at += 700'001)
      ASSERT_TRUE(writer->Append(std::string_view(bytes).substr(at, 700'001)).ok());
    const size_t uploads = Unfinished().size();
    EXPECT_EQ(uploads, size > static_cast<size_t>(kPart) ? 1 : 0);
    const absl::Status committed = writer->Commit();
    ASSERT_TRUE(committed.ok()) << committed;
    EXPECT_TRUE(Unfinished().empty());
    const auto reader = *blobs->Open("large");
    ASSERT_EQ(reader->entry().bytes, static_cast<int64_t>(size));
    std::string read;
    while (read.size() < size) {
      const auto piece = reader->Read(static_cast<int64_t>(read.size()), 300'000);
      ASSERT_TRUE(piece.ok() && !piece->empty()) << piece.status();
      read += *piece;
    }
    EXPECT_TRUE(read == bytes);
  }
}

TEST_F(BlobS3Test, AnUploadThatBreaksOffLeavesNothing) {
  {
    const auto writer = *blobs->Create("broken");
    ASSERT_TRUE(writer->Append(Pattern(kPart + 1)).ok());
    EXPECT_EQ(Unfinished().size(), 1);
  }
  EXPECT_TRUE(Unfinished().empty());
  EXPECT_TRUE(absl::IsNotFound(blobs->Stat("broken").status()));
}

TEST_F(BlobS3Test, NamesOfAllKindsAreSignedAsTheyAreSent) {
  for (const char* key :
       {"a b", "a+b", "a%20b", "a=b&c", "\u00fcber/\u6a21\u578b", "x/~.-_!*'();:@,$?#[]", "<&>\""}) {
    const absl::Status put = Put(key, key);
    ASSERT_TRUE(put.ok()) << key << ": " << put;
    EXPECT_EQ(*blobs->Read(key, 0, 100), key);
  }
  std::vector<std::string> names;
  const auto listed = *blobs->List("");
  for (const auto& entry : listed) names.push_back(entry.name);
  EXPECT_THAT(names, ::testing::ElementsAre("<&>\"", "a b", "a%20b", "a+b", "a=b&c", "x", "\u00fcber"));
}

TEST_F(BlobS3Test, ListsAndDeletesPastOnePage) {
  constexpr int kMany = 1'003;  // a page has 1,000
  for (int i = 0; i < kMany; ++i) ASSERT_TRUE(Put(StrCat("many/", i), "x").ok());
  EXPECT_EQ(blobs->List("many")->size(), kMany);
  ASSERT_TRUE(blobs->Delete("many").ok());
  EXPECT_TRUE(blobs->List("many")->empty());
}

TEST_F(BlobS3Test, APrefixSeesNothingBesideItself) {
  ASSERT_TRUE(Put("mine", "1").ok());
  store::S3Config other = config;
  other.prefix = config.prefix.substr(0, config.prefix.size() - 2);  // a part of the name
  EXPECT_TRUE((*OpenBlobS3(other))->List("")->empty());
}

TEST_F(BlobS3Test, AWrongSecretIsRefusedAndShowsNothing) {
  config.access_key_id = config::Secret(std::getenv("AWS_ACCESS_KEY_ID"));
  config.secret_access_key = config::Secret("not-the-secret");
  const absl::Status refused = OpenBlobS3(config).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(
      std::string(Message(refused)),
      AllOf(HasSubstr("SignatureDoesNotMatch"), HasSubstr(config.bucket), Not(HasSubstr("not-the-secret"))));
}

TEST_F(BlobS3Test, WrongSettingsAreNamed) {
  const auto message = [](const store::S3Config& wrong) {
    return std::string(Message(OpenBlobS3(wrong).status()));
  };
  store::S3Config wrong = config;
  wrong.bucket = "none-such";
  EXPECT_THAT(message(wrong), AllOf(HasSubstr("none-such"), HasSubstr("NoSuchBucket")));
  wrong = config;
  wrong.endpoint = "s3.example.com";
  EXPECT_THAT(message(wrong), HasSubstr("s3.endpoint"));
  wrong = config;
  wrong.prefix = "a/../b";
  EXPECT_THAT(message(wrong), HasSubstr("s3.prefix"));
}

}  // namespace
}  // namespace starling::blob_s3

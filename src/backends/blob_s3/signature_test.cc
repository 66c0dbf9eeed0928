#include "backends/blob_s3/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace starling::blob_s3 {
namespace {

using ::testing::EndsWith;

// The examples of "Authorization Header: Single Chunk" in the Amazon S3 API Reference.
const Credentials kExample{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};

Signable Get(std::string query) {
  return {"GET",
          "/",
          std::move(query),
          {{"host", "examplebucket.s3.amazonaws.com"},
           {"x-amz-content-sha256", Sha256Hex("")},
           {"x-amz-date", "20130524T000000Z"}}};
}

std::string Signed(const Signable& request) { return Authorization(request, kExample, "us-east-1"); }

TEST(Signature, OfARangeOfAnObject) {
  Signable request = Get("");
  request.path = "/test.txt";
  request.headers["range"] = "bytes=0-9";
  EXPECT_EQ(Signed(request),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(Signature, OfAnUpload) {
  Signable request = Get("");
  request.verb = "PUT";
  request.path = UriEncode("/test$file.text", true);
  request.headers["date"] = "Fri, 24 May 2013 00:00:00 GMT";
  request.headers["x-amz-storage-class"] = "REDUCED_REDUNDANCY";
  request.headers["x-amz-content-sha256"] = Sha256Hex("Welcome to Amazon S3.");
  EXPECT_THAT(Signed(request),
              EndsWith("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST(Signature, OfQueriesWithAndWithoutValues) {
  EXPECT_THAT(Signed(Get(CanonicalQuery({{"lifecycle", ""}}))),
              EndsWith("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
  EXPECT_THAT(Signed(Get(CanonicalQuery({{"prefix", "J"}, {"max-keys", "2"}}))),
              EndsWith("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST(Signature, EncodesEveryByteThatIsNotUnreserved) {
  EXPECT_EQ(UriEncode("a b+c/ü~.-_", true), "a%20b%2Bc/%C3%BC~.-_");
  EXPECT_EQ(UriEncode("a/b", false), "a%2Fb");
}

}  // namespace
}  // namespace starling::blob_s3

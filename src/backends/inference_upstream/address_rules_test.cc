#include "backends/inference_upstream/address_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace starling::inference_remote {
namespace {

using inference::ModelPermissions;

absl::Status CheckUrl(const std::string& url, const ModelPermissions& permissions = {}) {
  const auto upstreams = ParseUrls(url);
  if (!upstreams.ok()) return upstreams.status();
  for (const Upstream& upstream : *upstreams) {
    if (absl::Status status = CheckUpstream(upstream, permissions); !status.ok()) return status;
  }
  return absl::OkStatus();
}

TEST(AddressRulesTest, UrlsSayHostPortAndTls) {
  const auto upstreams = ParseUrls("grpcs://one.example:443, grpcs://[::1]:8001");
  ASSERT_TRUE(upstreams.ok()) << upstreams.status();
  ASSERT_EQ(upstreams->size(), 2u);
  EXPECT_EQ((*upstreams)[0].host, "one.example");
  EXPECT_EQ((*upstreams)[0].target, "one.example:443");
  EXPECT_TRUE((*upstreams)[0].tls);
  EXPECT_FALSE((*upstreams)[0].rest);
  EXPECT_EQ((*upstreams)[1].host, "::1");
  const auto rest = ParseUrls("https://one.example:443,https://two.example:443");
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_TRUE((*rest)[0].tls && (*rest)[1].rest);
  EXPECT_FALSE(ParseUrls("http://127.0.0.1:1")->front().tls);
  for (const char* wrong :
       {"", "127.0.0.1:1", "grpc://host", "grpc://host:0", "grpc://host:1/path", "grpc://unix:/tmp/x",
        "grpc://::1:80", "grpc://a:1,grpcs://b:1", "grpc://a:1,http://b:1", "https://a:1,http://b:1",
        "http://a:1/v2", "ftp://a:1", "grpc://a:1,"}) {
    EXPECT_EQ(ParseUrls(wrong).status().code(), absl::StatusCode::kInvalidArgument) << wrong;
  }
}

TEST(AddressRulesTest, ThisMachineMayBeCalledAndNobodyElseUnlessTheOperatorSaysSo) {
  for (const char* own : {"grpc://127.0.0.1:1", "grpc://127.9.9.9:1", "grpc://[::1]:1", "grpc://localhost:1",
                          "grpc://LOCALHOST:1"})
    EXPECT_TRUE(CheckUrl(own).ok()) << own;
  for (const char* other : {"grpc://10.0.0.1:80", "grpc://model.example:80", "grpc://[2001:db8::1]:80",
                            "grpc://127.0.0.1.example:80"}) {
    const absl::Status status = CheckUrl(other);
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << other;
    EXPECT_THAT(std::string(Message(status)), testing::HasSubstr("models.upstreams")) << other;
  }
  const ModelPermissions some{.commands = false, .upstreams = {"10.0.0.1:80", "Model.example"}};
  EXPECT_TRUE(CheckUrl("grpc://10.0.0.1:80", some).ok());
  EXPECT_FALSE(CheckUrl("grpc://10.0.0.1:81", some).ok());
  EXPECT_TRUE(CheckUrl("grpc://model.example:80,grpc://model.EXAMPLE:81", some).ok());
  EXPECT_FALSE(CheckUrl("grpc://model.example:80,grpc://10.0.0.2:80", some).ok());
}

TEST(AddressRulesTest, WhatANameMeansIsJudgedToo) {
  const ModelPermissions named{.commands = false, .upstreams = {"model.example"}};
  EXPECT_TRUE(CheckAddress("10.0.0.7:80", "model.example", named).ok());
  EXPECT_TRUE(CheckAddress("127.0.0.1:80", "other.example", named).ok());
  EXPECT_FALSE(CheckAddress("10.0.0.7:80", "other.example", named).ok());
  // Whatever is allowed.
  for (const char* never :
       {"169.254.169.254:80", "169.254.0.1:80", "[fe80::1]:80", "[fd00:ec2::254]:80", "100.100.100.200:80",
        "168.63.129.16:80", "192.0.0.192:80", "0.0.0.0:80", "0.1.2.3:80", "[::]:80", "224.0.0.1:80",
        "239.255.255.255:80", "255.255.255.255:80", "[ff02::1]:80", "[::ffff:169.254.169.254]:80",
        "[::ffff:0.0.0.0]:80"}) {
    EXPECT_EQ(CheckAddress(never, "model.example", named).code(), absl::StatusCode::kPermissionDenied)
        << never;
  }
  for (const char* next : {"169.253.255.255:80", "169.255.0.0:80", "223.255.255.255:80", "1.0.0.0:80",
                           "[fec0::1]:80", "[fe00::1]:80"})
    EXPECT_TRUE(CheckAddress(next, "model.example", named).ok()) << next;
}

}  // namespace
}  // namespace starling::inference_remote

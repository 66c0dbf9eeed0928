#include "core/http/edge/edge_authenticator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "base/status.h"
#include "core/http/edge/api_key.h"

namespace starling::http {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

Request From(const std::string& name, const std::string& value, Peer peer = {}) {
  Request request;
  if (!name.empty()) request.headers.Add(name, value);
  request.peer = std::make_shared<const Peer>(std::move(peer));
  return request;
}

TEST(ApiKeyTest, ANewKeyMatchesItsHashOnly) {
  const NewApiKey one = MakeApiKey(), other = MakeApiKey();
  EXPECT_NE(one.key, other.key);
  const auto digest = ParseApiKeyHash(one.hash);
  ASSERT_TRUE(digest.ok());
  EXPECT_TRUE(SameDigest(*digest, DigestOf(one.key)));
  EXPECT_FALSE(SameDigest(*digest, DigestOf(other.key)));
  EXPECT_FALSE(SameDigest(*digest, DigestOf("")));
  EXPECT_EQ(one.hash.find(one.key), std::string::npos);
}

TEST(ApiKeyTest, TakesTheOutputOfSha256sum) {
  // printf %s secret | sha256sum
  const auto digest =
      ParseApiKeyHash("sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b");
  ASSERT_TRUE(digest.ok());
  EXPECT_TRUE(SameDigest(*digest, DigestOf("secret")));
}

TEST(ApiKeyTest, RefusesWhatIsNoHash) {
  const std::string digits(64, '0');
  for (const std::string& text :
       {std::string(), std::string("secret"), std::string("sha256:"), "sha256:" + digits.substr(1),
        "sha256:" + digits + "0", "sha256:z" + digits.substr(1), "md5:" + digits}) {
    EXPECT_FALSE(ParseApiKeyHash(text).ok()) << text;
  }
}

class EdgeAuthenticatorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made =
        MakeEdgeAuthenticator({.api_keys = {{"other", MakeApiKey().hash, {}}, {"ann", key_.hash, {"admin"}}},
                               .service_certificates = {"gateway.starling"}});
    ASSERT_TRUE(made.ok()) << made.status();
    authenticator_ = *std::move(made);
  }
  const NewApiKey key_ = MakeApiKey();
  std::unique_ptr<Authenticator> authenticator_;
};

TEST_F(EdgeAuthenticatorTest, KnowsKeysInBothHeaders) {
  for (const auto& [name, value] :
       {std::pair<std::string, std::string>{"authorization", "Bearer " + key_.key},
        {"authorization", "bearer  " + key_.key},
        {"x-api-key", key_.key}}) {
    const auto who = authenticator_->Authenticate(From(name, value));
    ASSERT_TRUE(who.ok()) << who.status();
    EXPECT_EQ(who->kind, Principal::Kind::kApiKey);
    EXPECT_EQ(who->name, "ann");
    EXPECT_TRUE(who->HasScope("admin"));
  }
}

TEST_F(EdgeAuthenticatorTest, RefusesWrongKeysAndLetsNoneBeAnonymous) {
  for (const std::string& key : {std::string("wrong"), key_.key + "0", key_.key.substr(1), std::string("")}) {
    EXPECT_EQ(authenticator_->Authenticate(From("x-api-key", key)).status().code(),
              absl::StatusCode::kUnauthenticated);
  }
  EXPECT_EQ(authenticator_->Authenticate(From("", ""))->kind, Principal::Kind::kAnonymous);
  EXPECT_EQ(authenticator_->Authenticate(From("authorization", "Basic YTpi"))->kind,
            Principal::Kind::kAnonymous);
}

TEST_F(EdgeAuthenticatorTest, KnowsCertificatesAndUnixPeers) {
  EXPECT_EQ(
      authenticator_->Authenticate(From("", "", {.tls = true, .certificate_name = "gateway.starling"}))->kind,
      Principal::Kind::kService);
  const auto other = authenticator_->Authenticate(From("", "", {.tls = true, .certificate_name = "bob"}));
  EXPECT_EQ(other->kind, Principal::Kind::kCertificate);
  EXPECT_EQ(other->name, "bob");
  EXPECT_EQ(authenticator_->Authenticate(From("", "", {.unix_socket = true}))->kind,
            Principal::Kind::kService);
}

TEST_F(EdgeAuthenticatorTest, GivesScopesToThoseWithoutCredentialsOnly) {
  const auto open =
      *MakeEdgeAuthenticator({.api_keys = {{"ann", key_.hash, {}}}, .anonymous_scopes = {"registry.read"}});
  const auto nobody = open->Authenticate(From("", ""));
  EXPECT_EQ(nobody->kind, Principal::Kind::kAnonymous);
  EXPECT_TRUE(nobody->HasScope("registry.read"));
  EXPECT_FALSE(open->Authenticate(From("x-api-key", key_.key))->HasScope("registry.read"));
  EXPECT_FALSE(open->Authenticate(From("x-api-key", "wrong")).ok());
}

TEST_F(EdgeAuthenticatorTest, WithoutKeysTheirHeadersMeanNothing) {
  const auto none = *MakeEdgeAuthenticator({});
  EXPECT_EQ(none->Authenticate(From("x-api-key", "dummy"))->kind, Principal::Kind::kAnonymous);
}

TEST_F(EdgeAuthenticatorTest, NamesWhatIsWrongInTheConfiguration) {
  const auto bad = MakeEdgeAuthenticator({.api_keys = {{"ann", "plain", {}}}, .service_certificates = {}});
  EXPECT_THAT(std::string(bad.status().message()), HasSubstr("API key 'ann'"));
  const auto twice = MakeEdgeAuthenticator(
      {.api_keys = {{"ann", key_.hash, {}}, {"ann", key_.hash, {}}}, .service_certificates = {}});
  EXPECT_THAT(std::string(twice.status().message()), HasSubstr("two API keys named 'ann'"));
  const auto same = MakeEdgeAuthenticator(
      {.api_keys = {{"ann", key_.hash, {}}, {"bob", key_.hash, {}}}, .service_certificates = {}});
  EXPECT_THAT(std::string(same.status().message()), HasSubstr("'ann' and 'bob' are the same key"));
}

// What a flood of wrong keys costs must not grow with the number of right ones.
TEST(EdgeAuthenticatorCostTest, AWrongKeyCostsTheSameAmongManyAsAmongFew) {
  const auto among = [](int count) {
    EdgeAuthenticatorOptions options;
    for (int i = 0; i < count; ++i) options.api_keys.push_back({StrCat("key", i), MakeApiKey().hash, {}});
    const auto authenticator = *MakeEdgeAuthenticator(options);
    const Request wrong = From("x-api-key", MakeApiKey().key);
    timespec before{}, after{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    for (int i = 0; i < 2000; ++i) (void)authenticator->Authenticate(wrong);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    return static_cast<double>(after.tv_sec - before.tv_sec) +
           1e-9 * static_cast<double>(after.tv_nsec - before.tv_nsec);
  };
  const double few = among(2), many = among(20000);
  EXPECT_LT(many, 20 * few + 0.01);
}

TEST(CheckListenSecurityTest, BeyondLoopbackSomebodyMustBeAsked) {
  for (const char* address : {"127.0.0.1:8000", "[::1]:0", "localhost:80", "unix:/x"}) {
    const auto verdict = CheckListenSecurity({.name = "server.http", .address = address});
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    EXPECT_THAT(*verdict, IsEmpty());
  }
  for (const char* address : {"0.0.0.0:8000", ":8000", "[::]:1", "10.0.0.1:80"}) {
    EXPECT_THAT(
        std::string(CheckListenSecurity({.name = "server.http", .address = address}).status().message()),
        HasSubstr("server.insecure: true"));
    EXPECT_FALSE(CheckListenSecurity({.name = "server.http", .address = address, .tls = true}).ok());
    EXPECT_THAT(*CheckListenSecurity({.name = "server.http", .address = address, .insecure = true}),
                HasSubstr("asks nobody who they are"));
    EXPECT_THAT(*CheckListenSecurity({.name = "server.http", .address = address, .has_api_keys = true}),
                HasSubstr("without TLS"));
    EXPECT_THAT(
        *CheckListenSecurity({.name = "server.http", .address = address, .tls = true, .has_api_keys = true}),
        IsEmpty());
    EXPECT_THAT(
        *CheckListenSecurity(
            {.name = "server.http", .address = address, .tls = true, .requires_client_certificate = true}),
        IsEmpty());
  }
}

}  // namespace
}  // namespace starling::http

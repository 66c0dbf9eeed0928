#include "core/http/routing/adapter_route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <stdexcept>
#include <vector>

#include "base/status.h"
#include "core/http/listener.h"
#include "core/http/testing/raw_client.h"

namespace starling::http {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawClient;
using ::testing::StartsWith;

enum Operation { kEcho, kUpload, kFail, kThrow, kBreakOff };

const std::vector<AdapterRoute> kRoutes = {
    {.verb = "POST", .path = "/odd/echo/{name}", .operation = kEcho, .access = rpc::Access::kPublic},
    {.verb = "PUT",
     .path = "/odd/files/{path=**}",
     .operation = kUpload,
     .access = rpc::Access::kPublic,
     .long_lived = true},
    {.verb = "POST", .path = "/odd/unstated", .operation = kEcho},
    {.verb = "POST",
     .path = "/odd/scope",
     .operation = kEcho,
     .access = rpc::Access::kScope,
     .scope = "odd.write"},
    {.verb = "GET", .path = "/odd/fail", .operation = kFail, .access = rpc::Access::kPublic},
    {.verb = "GET", .path = "/odd/throw", .operation = kThrow, .access = rpc::Access::kPublic},
    {.verb = "GET", .path = "/odd/break", .operation = kBreakOff, .access = rpc::Access::kPublic},
};

class OddErrors final : public ErrorCodec {
 public:
  ErrorResponse Encode(const absl::Status& status, int http_status, std::string_view) const override {
    const int code = http_status != 0 ? http_status : HttpStatusOf(status.code());
    return {.status = code, .headers = {}, .body = StrCat("odd ", code, ": ", Message(status), "!")};
  }
};

class OddAdapter final : public Adapter {
 public:
  const ErrorCodec& errors() const override { return errors_; }
  AdapterLimits Limits(const AdapterRoute& route, const AdapterLimits& defaults) const override {
    if (route.operation != kUpload) return defaults;
    return {.max_body_bytes = 4000, .timeout = std::chrono::minutes(5)};
  }
  async::Task<absl::Status> Handle(AdapterCall& call) override {
    switch (call.route().operation) {
      case kEcho: {
        CO_ASSIGN_OR_RETURN(const Bytes body, co_await call.ReadAll());
        std::string text = StrCat(call.variables().empty() ? "" : call.variables()[0], "|", body.view());
        CO_ASSIGN_OR_RETURN(const auto query, call.Query());
        for (const auto& [name, value] : query) StrAppend(&text, "|", name, "=", value);
        co_return co_await call.Respond(200, {}, Bytes(text + "."));
      }
      case kUpload: {
        size_t size = 0;
        while (true) {
          CO_ASSIGN_OR_RETURN(const auto piece, co_await call.Read());
          if (!piece.has_value()) break;
          size += piece->size();
        }
        co_return co_await call.Respond(200, {}, Bytes(StrCat("took ", size, " bytes.")));
      }
      case kFail:
        co_return NotFound("no such thing");
      case kThrow:
        throw std::runtime_error("a bug");
      default:
        CO_RETURN_IF_ERROR(co_await call.Start(200, {}));
        CO_RETURN_IF_ERROR(co_await call.Write(Bytes("half")));
        co_return Internal("it broke");
    }
  }

 private:
  OddErrors errors_;
};

class AdapterRouteTest : public ::testing::Test {
 public:
  AdapterRouteTest() {
    AdapterRouteOptions options;
    options.limits = {.max_body_bytes = 1000, .timeout = std::chrono::minutes(1)};
    for (const AdapterRoute& route : kRoutes) {
      handlers.emplace_back(options, "test/odd", route, adapter);
      EXPECT_TRUE(router.Add(route.verb, route.path, "test/odd", handlers.back()).ok());
    }
    router.AddErrors("/odd", adapter.errors());
    ListenerOptions listening;
    listening.http1.max_body_bytes = 1000;
    listening.http1.body_timeout = std::chrono::milliseconds(50);
    listening.http1.body_limits = &router;
    listener = *Listener::Start(loops, listening, router);
  }

  std::string Ask(const std::string& line, const std::string& body = "") {
    RawClient client(listener->address());
    client.Send(StrCat(line, " HTTP/1.1\r\nHost: h\r\nContent-Length: ", body.size(),
                       "\r\nConnection: close\r\n\r\n", body));
    return client.ReadToEnd();
  }

  observe::Registry registry;
  OddAdapter adapter;
  std::deque<AdapterRouteHandler> handlers;
  Router router{CorsOptions(), registry};
  async::LoopGroup loops{1};
  std::unique_ptr<Listener> listener;
};

TEST_F(AdapterRouteTest, GivesPathQueryAndBody) {
  EXPECT_THAT(Ask("POST /odd/echo/a%20b?x=1&y=%2F", "body"), HasSubstr("\r\n\r\na b|body|x=1|y=/."));
}

TEST_F(AdapterRouteTest, ARouteWithoutAnAccessRuleIsClosedToTheOutside) {
  const std::string answer = Ask("POST /odd/unstated", "x");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(answer, HasSubstr("odd 403: This method is not open"));
  EXPECT_THAT(Ask("POST /odd/scope", "x"), StartsWith("HTTP/1.1 401 "));
}

TEST_F(AdapterRouteTest, ErrorsBelowThePrefixAreTheAdapters) {
  EXPECT_THAT(Ask("GET /odd/fail"), HasSubstr("odd 404: no such thing!"));
  EXPECT_THAT(Ask("GET /odd/nothing"), HasSubstr("odd 404: There is nothing at this path"));
  const std::string wrong_verb = Ask("DELETE /odd/fail");
  EXPECT_THAT(wrong_verb, HasSubstr("odd 405: "));
  EXPECT_THAT(wrong_verb, HasSubstr("allow: GET, HEAD, OPTIONS"));
  EXPECT_THAT(Ask("GET /oddly"), HasSubstr("{\"error\":\"Not found\""));
}

TEST_F(AdapterRouteTest, AnExceptionEndsItsRequestAlone) {
  EXPECT_THAT(Ask("GET /odd/throw"), AllOf(StartsWith("HTTP/1.1 500 "), Not(HasSubstr("a bug"))));
  EXPECT_THAT(Ask("POST /odd/echo/a", "body"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(AdapterRouteTest, AnErrorAfterTheAnswerBeganBreaksItOff) {
  const std::string answer = Ask("GET /odd/break");
  EXPECT_THAT(answer, HasSubstr("half"));
  // The last chunk of a good end is missing.
  EXPECT_EQ(answer.find("\r\n0\r\n"), std::string::npos);
}

TEST_F(AdapterRouteTest, AnUploadMayPassTheListenersLimitAndNotItsOwn) {
  EXPECT_THAT(Ask("PUT /odd/files/a/b", std::string(3000, 'x')), HasSubstr("took 3000 bytes."));
  EXPECT_THAT(Ask("PUT /odd/files/a/b", std::string(4001, 'x')), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Ask("POST /odd/echo/a", std::string(1001, 'x')), StartsWith("HTTP/1.1 413 "));
}

TEST_F(AdapterRouteTest, AnUploadWithoutALengthIsCounted) {
  RawClient client(listener->address());
  client.Send("PUT /odd/files/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.Send(StrCat("7d0\r\n", std::string(2000, 'x'), "\r\n7d0\r\n", std::string(2000, 'x'), "\r\n"));
  client.Send("1\r\nx\r\n0\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(AdapterRouteTest, AnUploadMayTakeLongerThanOtherBodies) {
  RawClient upload(listener->address());
  upload.Send("PUT /odd/files/a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nx");
  RawClient other(listener->address());
  other.Send("POST /odd/echo/a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nx");
  // By then the upload has waited as long.
  EXPECT_THAT(other.ReadUntil("!"), StartsWith("HTTP/1.1 408 "));
  upload.Send("y");
  EXPECT_THAT(upload.ReadUntil("."), StartsWith("HTTP/1.1 200 "));
}

TEST_F(AdapterRouteTest, TwoThatClaimOneRouteAreNamed) {
  const absl::Status taken = router.Add("PUT", "/odd/files/{other=**}", "someone/else", handlers.front());
  EXPECT_THAT(std::string(Message(taken)), HasSubstr("Both test/odd and someone/else claim PUT"));
  EXPECT_EQ(taken.code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace starling::http

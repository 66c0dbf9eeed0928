#include "core/http/h1/h1_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/strings.h"
#include "core/async/completion.h"
#include "core/http/testing/raw_client.h"
#include "core/http/testing/server.h"

namespace starling::http {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawClient;
using testing::Server;
using ::testing::StartsWith;
using testing::Talk;
using namespace std::string_literals;  // a text with a NUL in it

// Says back what it understood.
async::Task<void> Echo(Exchange& exchange) {
  const Request& request = exchange.request();
  std::string text =
      StrCat(request.method, " ", request.path, " ?", request.query, " @", request.authority, " [");
  auto body = co_await ReadAll(exchange, 1 << 20);
  text.append(body.ok() ? body->view() : std::string_view(StrCat(body.status().ToString())));
  Headers headers;
  headers.Add("content-type", "text/plain");
  const int status = body.ok()                                                      ? 200
                     : body.status().code() == absl::StatusCode::kResourceExhausted ? 413
                                                                                    : 408;
  (void)co_await exchange.Respond(status, std::move(headers), Bytes(text + "]"));
}

TEST(Http1SessionTest, AnswersAndKeepsTheConnection) {
  Server server(Echo);
  RawClient client(server.address());
  client.Send("POST /a%20b?x=1&y HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\nabc");
  const std::string first = client.ReadUntil("]");
  EXPECT_THAT(first, StartsWith("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ndate: "));
  EXPECT_THAT(first, HasSubstr("content-length: 30\r\n"));
  EXPECT_THAT(first, EndsWith("\r\n\r\nPOST /a%20b ?x=1&y @here [abc]"));
  client.Send("GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
  const std::string second = client.ReadToEnd();
  EXPECT_THAT(second, HasSubstr("connection: close\r\n"));
  EXPECT_THAT(second, EndsWith("GET / ? @here []"));
}

TEST(Http1SessionTest, AnswersPipelinedRequestsInOrder) {
  Server server(Echo);
  RawClient client(server.address());
  std::string all;
  constexpr int kRequests = 2000;
  for (int i = 0; i < kRequests; ++i) {
    StrAppend(&all, "POST /", i,
              " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
  }
  std::thread sender([&] { client.Send(all); });
  const std::string answers = client.ReadUntil("[hi]", kRequests);
  sender.join();
  size_t at = 0;
  for (int i = 0; i < kRequests; ++i) {
    at = answers.find(StrCat("POST /", i, " ? @h [hi]"), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST(Http1SessionTest, TakesARequestByteByByte) {
  Server server(Echo);
  RawClient client(server.address());
  for (const char c : std::string("POST /slow HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "3;ext=1\r\nabc\r\n1\r\nd\r\n0\r\nTrailer: x\r\n\r\n")) {
    client.Send({&c, 1});
  }
  EXPECT_THAT(client.ReadUntil("]"), EndsWith("POST /slow ? @h [abcd]"));
}

TEST(Http1SessionTest, HeadHasNoBody) {
  Server server(Echo);
  const std::string answer =
      Talk(server.address(), "HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("content-length: 15\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST(Http1SessionTest, Http10ClosesUnlessAsked) {
  Server server(Echo);
  EXPECT_THAT(Talk(server.address(), "GET / HTTP/1.0\r\n\r\n"), EndsWith("GET / ? @ []"));
  RawClient client(server.address());
  client.Send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("]"), HasSubstr("connection: keep-alive\r\n"));
}

TEST(Http1SessionTest, ContinuesWhenTheHandlerReads) {
  Server server(Echo);
  RawClient client(server.address());
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("ok");
  EXPECT_THAT(client.ReadUntil("]"), EndsWith("[ok]"));
}

TEST(Http1SessionTest, RefusesWhatCouldBeReadInTwoWays) {
  Server server(Echo);
  const std::pair<std::string, int> requests[] = {
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\nabc", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x3\r\n\r\nabc", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 0},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 0},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\x0b"
       "chunked\r\n\r\n0\r\n\r\n",
       0},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n folded\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: h\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"s, 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n", 400},
      {"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"GET / HTTP/3.7\r\nHost: h\r\n\r\n", 505},
      {"GET /\r\n\r\n", 0},
      {"G\x01T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      {"GET nothing HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nExpect: magic\r\n\r\n", 417},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\nabc\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", 400},
      {"\x16\x03\x01\x02", 400},
  };
  for (const auto& [request, status] : requests) {
    const std::string answer = Talk(server.address(), request + "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(answer, StartsWith(status == 0 ? std::string("HTTP/1.1 ") : StrCat("HTTP/1.1 ", status, " ")))
        << request;
    EXPECT_THAT(answer, Not(StartsWith("HTTP/1.1 200"))) << request;
    EXPECT_THAT(answer, Not(HasSubstr("smuggled"))) << request;
    EXPECT_THAT(answer, HasSubstr("{\"error\":\"")) << request;
    EXPECT_THAT(answer, HasSubstr("connection: close")) << request;
  }
}

TEST(Http1SessionTest, HoldsItsLimits) {
  ListenerOptions options;
  options.http1.max_body_bytes = 1000;
  Server server(Echo, options);
  EXPECT_THAT(Talk(server.address(), StrCat("GET /", std::string(9000, 'x'), " HTTP/1.1\r\nHost: h\r\n\r\n")),
              StartsWith("HTTP/1.1 414 "));
  EXPECT_THAT(
      Talk(server.address(), StrCat("GET / HTTP/1.1\r\nHost: h\r\nX: ", std::string(40000, 'x'), "\r\n\r\n")),
      StartsWith("HTTP/1.1 431 "));
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 101; ++i) many += "X: y\r\n";
  EXPECT_THAT(Talk(server.address(), many + "\r\n"), StartsWith("HTTP/1.1 431 "));
  // Said before the body is sent.
  EXPECT_THAT(Talk(server.address(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  std::string chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 11; ++i) chunked += "64\r\n" + std::string(100, 'b') + "\r\n";
  EXPECT_THAT(Talk(server.address(), chunked), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Talk(server.address(), "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
                                         std::string(40000, 'e') + "\r\na\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
}

TEST(Http1SessionTest, GivesUpOnSlowHeadersAndBodies) {
  ListenerOptions options;
  options.http1.header_timeout = options.http1.body_timeout = std::chrono::milliseconds(100);
  Server server(Echo, options);
  EXPECT_THAT(Talk(server.address(), "GET / HTTP/1.1\r\nHos"), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(Talk(server.address(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"),
              StartsWith("HTTP/1.1 408 "));
}

struct Facts {
  std::atomic<bool> cancelled{false};
  std::atomic<bool> ended{false};
};

// Waits to be cancelled, with nothing to read or write.
testing::FunctionHandler::Function WaitsForCancel(Facts* facts) {
  return [facts](Exchange& exchange) -> async::Task<void> {
    async::Completion<bool> cancelled;
    const auto completer = cancelled.completer();
    auto note = [completer](const absl::Status&) { completer.Set(true); };
    const auto registration = exchange.cancel().OnCancel(std::move(note));
    facts->cancelled = co_await cancelled;
    (void)co_await exchange.Respond(200, {}, Bytes());
    facts->ended = true;
  };
}

bool Becomes(const std::atomic<bool>& flag) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!flag && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  return flag;
}

TEST(Http1SessionTest, AClientThatGoesAwayCancelsItsWork) {
  for (const int way : {0, 1, 2}) {
    Facts facts;
    Server server(WaitsForCancel(&facts));
    RawClient client(server.address());
    client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    if (way == 0) client.Close();
    if (way == 1) client.Reset();
    if (way == 2) client.EndOutput();
    EXPECT_TRUE(Becomes(facts.cancelled)) << way;
    EXPECT_TRUE(Becomes(facts.ended)) << way;
  }
}

TEST(Http1SessionTest, AClientThatGoesAwayWithItsConnectionPausedCancelsToo) {
  Facts facts;
  ListenerOptions options;
  options.http1.buffered_body_bytes = 1000;
  Server server(WaitsForCancel(&facts), options);
  RawClient client(server.address());
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + std::string(100000, 'b'));
  client.Close();
  EXPECT_TRUE(Becomes(facts.cancelled));
}

async::Task<void> StreamMuch(Exchange& exchange) {
  (void)co_await exchange.Start(200, {});
  for (int i = 0; i < 100; ++i) {
    if (!(co_await exchange.Write(Bytes(std::string(100000, 'x')))).ok()) co_return;
  }
  (void)co_await exchange.Finish();
}

TEST(Http1SessionTest, StreamsChunksWithBackPressure) {
  Server server(StreamMuch);
  const std::string answer = Talk(server.address(), "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("transfer-encoding: chunked\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n0\r\n\r\n"));
  EXPECT_GT(answer.size(), 10000000u);
  const std::string old = Talk(server.address(), "GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.size() - old.find("\r\n\r\n") - 4, 10000000u);
}

async::Task<void> SaysNothing(Exchange&) { co_return; }
async::Task<void> StopsHalfway(Exchange& exchange) {
  (void)co_await exchange.Start(200, {});
  (void)co_await exchange.Write(Bytes::Static("half"));
}
async::Task<void> Injects(Exchange& exchange) {
  Headers headers;
  headers.Add("x", "a\r\nevil: yes");
  (void)co_await exchange.Respond(204, std::move(headers), Bytes::Static("ignored"));
}

TEST(Http1SessionTest, HandlersCannotBreakTheProtocol) {
  Server silent(SaysNothing);
  EXPECT_THAT(Talk(silent.address(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n"), StartsWith("HTTP/1.1 500 "));
  Server half(StopsHalfway);
  const std::string cut = Talk(half.address(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(cut, HasSubstr("4\r\nhalf\r\n"));
  EXPECT_THAT(cut, Not(HasSubstr("0\r\n\r\n")));
  Server injected(Injects);
  const std::string answer =
      Talk(injected.address(), "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, Not(HasSubstr("\nevil")));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

}  // namespace
}  // namespace starling::http

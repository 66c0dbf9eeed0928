#include "core/http/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>

#include "base/strings.h"
#include "core/async/completion.h"
#include "core/async/spawn.h"
#include "core/http/testing/raw_client.h"
#include "core/http/testing/server.h"

namespace starling::http {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::RawClient;
using testing::Server;
using ::testing::StartsWith;
using testing::Talk;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kGetAndClose = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

async::Task<void> Peers(Exchange& exchange) {
  const Peer& peer = *exchange.request().peer;
  (void)co_await exchange.Respond(200, {},
                                  Bytes(StrCat("<", peer.address, peer.unix_socket ? " unix" : "", ">")));
}

TEST(ListenerTest, TakesAFreePortAndServesOnEveryLoop) {
  Server server(Peers);
  ASSERT_TRUE(server.status().ok()) << server.status();
  EXPECT_NE(server.listener().port(), 0);
  for (int i = 0; i < 20; ++i) EXPECT_THAT(Talk(server.address(), kGetAndClose), HasSubstr("<127.0.0.1:"));
  EXPECT_EQ(server.listener().stats().connections_accepted, 20);
  EXPECT_EQ(server.listener().stats().responses[2], 20);
}

TEST(ListenerTest, TwoCannotShareAnAddress) {
  Server first(Peers);
  ListenerOptions options;
  options.address = first.address();
  Server second(Peers, options);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("the address is in use"));
}

TEST(ListenerTest, RefusesWrongAddresses) {
  for (const char* address : {"", "8000", "nowhere:80", "127.0.0.1:99999", "unix:", "1.2.3.4:1"}) {
    ListenerOptions options;
    options.address = address;
    EXPECT_FALSE(Server(Peers, options).status().ok()) << address;
  }
}

TEST(ListenerTest, UnixSocketsProveTheirPeerAndLeaveNoFile) {
  ListenerOptions options;
  options.address = StrCat("unix:", ::testing::TempDir(), "/listener_test.", ::getpid(), ".sock");
  const std::string path = options.address.substr(5);
  {
    Server server(Peers, options);
    ASSERT_TRUE(server.status().ok()) << server.status();
    for (int i = 0; i < 5; ++i) EXPECT_THAT(Talk(server.address(), kGetAndClose), EndsWith("<unix unix>"));
    Server second(Peers, options);
    EXPECT_THAT(std::string(second.status().message()), HasSubstr("in use"));
  }
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST(ListenerTest, BeyondItsConnectionsItSaysSo) {
  ListenerOptions options;
  options.max_connections = 2;
  Server server(Peers, options);
  RawClient one(server.address()), two(server.address());
  one.Send(kGet);
  two.Send(kGet);
  EXPECT_THAT(one.ReadUntil(">"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(two.ReadUntil(">"), StartsWith("HTTP/1.1 200"));
  const std::string refused = Talk(server.address(), kGet);
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(refused, HasSubstr("retry-after: 1\r\n"));
  EXPECT_EQ(server.listener().stats().connections_refused, 1);
}

TEST(ListenerTest, ClosesIdleAndSilentConnections) {
  ListenerOptions options;
  options.connection.handshake_timeout = options.connection.idle_timeout = std::chrono::milliseconds(100);
  Server server(Peers, options);
  RawClient silent(server.address());
  EXPECT_TRUE(silent.Ended());
  RawClient idle(server.address());
  idle.Send(kGet);
  idle.ReadUntil(">");
  EXPECT_TRUE(idle.Ended());
}

struct Gate {
  async::Completion<bool> entered, open;
};

TEST(ListenerTest, DrainFinishesWhatIsUnderWay) {
  Gate gate;
  const auto entered = gate.entered.completer();
  auto handler = [&gate, entered](Exchange& exchange) -> async::Task<void> {
    entered.Set(true);
    co_await gate.open;
    (void)co_await exchange.Respond(200, {}, Bytes::Static("<done>"));
  };
  Server server(handler);
  RawClient idle(server.address());
  RawClient busy(server.address());
  busy.Send(kGet);
  auto wait = [](Gate* g) -> async::Task<bool> { co_return co_await g->entered; };
  async::BlockOn(wait(&gate));
  const auto open = gate.open.completer();
  auto drain = [](Listener* listener, async::Completer<bool> opener) -> async::Task<bool> {
    auto timer = async::Loop::Current()->After(std::chrono::milliseconds(50), [opener] { opener.Set(true); });
    co_return co_await listener->Drain(std::chrono::seconds(5));
  };
  EXPECT_TRUE(async::BlockOn(drain(&server.listener(), open)));
  EXPECT_TRUE(idle.Ended());
  const std::string answer = busy.ReadToEnd();
  EXPECT_THAT(answer, EndsWith("<done>"));
  EXPECT_THAT(answer, HasSubstr("connection: close"));
  EXPECT_EQ(server.listener().stats().connections_open, 0);
}

// What the handler calls is taken down after the drain.
TEST(ListenerTest, DrainWaitsForAHandlerWhoseClientHasGone) {
  Gate gate;
  std::atomic<bool> gone{false}, ended{false};
  const auto entered = gate.entered.completer();
  auto handler = [&gate, &gone, &ended, entered](Exchange& exchange) -> async::Task<void> {
    auto note = [&gone](const absl::Status&) { gone = true; };
    const auto registration = exchange.cancel().OnCancel(std::move(note));
    entered.Set(true);
    co_await gate.open;
    ended = true;
  };
  Server server(handler);
  RawClient client(server.address());
  client.Send(kGet);
  auto wait = [](Gate* g) -> async::Task<bool> { co_return co_await g->entered; };
  async::BlockOn(wait(&gate));
  client.Close();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while ((!gone || server.listener().stats().connections_open != 0) &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  const auto open = gate.open.completer();
  auto drain = [](Listener* listener, async::Completer<bool> opener) -> async::Task<bool> {
    const auto timer =
        async::Loop::Current()->After(std::chrono::milliseconds(50), [opener] { opener.Set(true); });
    co_return co_await listener->Drain(std::chrono::seconds(5));
  };
  EXPECT_TRUE(async::BlockOn(drain(&server.listener(), open)));
  EXPECT_TRUE(ended);
}

// Clients that had a connection when the drain began, and had not heard of it when they sent their requests.
TEST(ListenerTest, DrainAnswersRequestsThatAreOnTheirWay) {
  Server server(Peers);
  RawClient used(server.address()), fresh(server.address());
  used.Send(kGet);
  used.ReadUntil(">");
  auto drain = [&used, &fresh](Listener* listener) -> async::Task<bool> {
    const auto timer = async::Loop::Current()->After(std::chrono::milliseconds(30), [&used, &fresh] {
      used.Send(kGet);
      fresh.Send(kGet);
    });
    co_return co_await listener->Drain(std::chrono::seconds(5));
  };
  EXPECT_TRUE(async::BlockOn(drain(&server.listener())));
  for (RawClient* client : {&used, &fresh}) {
    const std::string answer = client->ReadToEnd();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(answer, HasSubstr("connection: close"));
  }
}

TEST(ListenerTest, DrainCutsWhatTakesTooLong) {
  auto handler = [](Exchange& exchange) -> async::Task<void> {
    async::Completion<bool> cancelled;
    const auto completer = cancelled.completer();
    auto note = [completer](const absl::Status&) { completer.Set(true); };
    const auto registration = exchange.cancel().OnCancel(std::move(note));
    co_await cancelled;
  };
  Server server(handler);
  RawClient busy(server.address());
  busy.Send(kGet);
  // The request must have begun: requests in flight are counted.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (server.listener().stats().requests_in_flight == 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  EXPECT_FALSE(async::BlockOn(server.listener().Drain(std::chrono::milliseconds(50))));
  EXPECT_TRUE(busy.Ended());
}

}  // namespace
}  // namespace starling::http

#include "core/http/transport/connect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/strings.h"
#include "core/async/completion.h"
#include "core/async/spawn.h"
#include "core/http/h2/h2_client.h"
#include "core/http/testing/certificates.h"
#include "core/http/testing/raw_client.h"
#include "core/http/testing/server.h"

namespace starling::http {
namespace {

using testing::Certificates;
using ::testing::HasSubstr;
using testing::Server;

constexpr std::chrono::milliseconds kSoon(2000);

// Says back who the connection proved the client to be.
async::Task<void> WhoAmI(Exchange& exchange) {
  const Peer& peer = *exchange.request().peer;
  const char* version = exchange.request().version == Version::kHttp2 ? "2" : "1";
  (void)co_await exchange.Respond(
      200, {}, Bytes(StrCat(version, peer.tls ? " tls " : " plain ", peer.certificate_name)));
}

struct Answer {
  absl::Status status;
  std::string protocol;
  std::string body;
};

// One request over HTTP/2 on a new connection.
async::Task<Answer> Ask(std::string address, std::shared_ptr<const TlsContext> tls,
                        std::string name = "127.0.0.1") {
  ConnectOptions options;
  options.tls = std::move(tls);
  options.server_name = std::move(name);
  options.connection.handshake_timeout = kSoon;
  Answer answer;
  std::shared_ptr<H2ClientSession> session;
  async::Completion<bool> closed;
  const auto completer = closed.completer();
  ClientSessionFactory factory = [&](Connection& connection, std::string_view protocol) {
    answer.protocol = protocol;
    session = std::make_shared<H2ClientSession>(connection, H2Options());
    session->Begin();
    return session;
  };
  SocketConnection::ClosedCallback on_closed = [completer](const absl::Status&) { completer.Set(true); };
  auto connection =
      co_await Connect(*SocketAddress::Parse(address), options, std::move(factory), std::move(on_closed));
  answer.status = connection.status();
  if (!answer.status.ok()) co_return answer;
  auto stream = session->Open({"GET", "http", "here", "/"}, Headers(), Bytes(), true);
  answer.status = stream.status();
  if (stream.ok()) {
    answer.status = co_await (*stream)->WaitEnd(1000);
    answer.body = (*stream)->TakeBody();
    stream->reset();
  }
  (*connection)->Close(absl::CancelledError("done"));
  co_await closed;
  co_return answer;
}

TEST(ConnectTest, SpeaksHttp2WithoutTls) {
  Server server(WhoAmI);
  const Answer answer = async::BlockOn(Ask(server.address(), nullptr));
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.body, "2 plain ");
}

TEST(ConnectTest, SpeaksHttp2OverAUnixSocket) {
  ListenerOptions options;
  options.address = StrCat("unix:", ::testing::TempDir(), "/connect_test.", ::getpid(), ".sock");
  Server server(WhoAmI, options);
  EXPECT_EQ(async::BlockOn(Ask(server.address(), nullptr)).body, "2 plain ");
}

TEST(ConnectTest, SaysWhyNot) {
  std::string address;
  {
    Server server(WhoAmI);
    address = server.address();
  }
  const Answer answer = async::BlockOn(Ask(address, nullptr));
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(answer.status.message()), HasSubstr("Cannot connect to " + address));
}

class TlsTest : public ::testing::Test {
 protected:
  static ListenerOptions Secure(bool client_ca, bool require) {
    ListenerOptions options;
    options.tls = true;
    options.tls_files.certificate_file = files().server_certificate;
    options.tls_files.key_file = files().server_key;
    if (client_ca) options.tls_files.client_ca_file = files().authority;
    options.tls_files.require_client_certificate = require;
    return options;
  }
  static std::shared_ptr<const TlsContext> Client(bool certificate) {
    TlsClientOptions options{.ca_file = files().authority};
    if (certificate) {
      options.certificate_file = files().client_certificate;
      options.key_file = files().client_key;
    }
    auto made = TlsContext::Client(options);
    EXPECT_TRUE(made.ok()) << made.status();
    return *made;
  }
  static const Certificates& files() {
    static const Certificates files;
    return files;
  }
};

TEST_F(TlsTest, AgreesOnHttp2) {
  Server server(WhoAmI, Secure(false, false));
  ASSERT_TRUE(server.status().ok()) << server.status();
  const Answer answer = async::BlockOn(Ask(server.address(), Client(false)));
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.protocol, "h2");
  EXPECT_EQ(answer.body, "2 tls ");
}

TEST_F(TlsTest, KnowsTheClientByItsCertificate) {
  Server server(WhoAmI, Secure(true, true));
  EXPECT_EQ(async::BlockOn(Ask(server.address(), Client(true))).body, "2 tls worker.starling");
}

TEST_F(TlsTest, RefusesClientsWithoutACertificateWhereOneIsRequired) {
  Server strict(WhoAmI, Secure(true, true));
  EXPECT_FALSE(async::BlockOn(Ask(strict.address(), Client(false))).status.ok());
  Server lenient(WhoAmI, Secure(true, false));
  EXPECT_EQ(async::BlockOn(Ask(lenient.address(), Client(false))).body, "2 tls ");
}

TEST_F(TlsTest, RefusesServersOfAnotherName) {
  Server server(WhoAmI, Secure(false, false));
  const Answer answer = async::BlockOn(Ask(server.address(), Client(false), "elsewhere.example"));
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(answer.status.message()), HasSubstr("certificate"));
}

TEST_F(TlsTest, PlainTextAtATlsPortIsClosed) {
  Server server(WhoAmI, Secure(false, false));
  EXPECT_EQ(testing::Talk(server.address(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n").find("HTTP/1.1"),
            std::string::npos);
  EXPECT_EQ(server.listener().stats().tls_failures, 1);
}

TEST_F(TlsTest, NamesTheFileThatCannotBeUsed) {
  ListenerOptions options = Secure(false, false);
  options.tls_files.certificate_file = "no/such.pem";
  EXPECT_THAT(std::string(Server(WhoAmI, options).status().message()), HasSubstr("no/such.pem"));
  options = Secure(false, false);
  options.tls_files.key_file = files().client_key;
  EXPECT_FALSE(Server(WhoAmI, options).status().ok());
}

}  // namespace
}  // namespace starling::http

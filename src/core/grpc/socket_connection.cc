#include "core/grpc/socket_connection.h"

#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>

#include "base/status.h"
#include "core/async/asio.h"
#include "core/async/completion.h"

namespace starling::grpc {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Protocol = asio::generic::stream_protocol;
using Socket = Protocol::socket;

constexpr size_t kReadBytes = 64 * 1024;
constexpr size_t kWriteBytes = 256 * 1024;

struct Endpoint {
  Protocol::endpoint endpoint;
  bool unix_socket;
};

absl::StatusOr<Endpoint> Parse(const std::string& address) {
  if (address.rfind("unix:", 0) == 0) {
    const std::string path = address.substr(5);
    if (path.empty() || path.size() > 107)
      return InvalidArgument("'", address, "' is no path of a Unix socket.");
    return Endpoint{asio::local::stream_protocol::endpoint(path), true};
  }
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return InvalidArgument("'", address, "' is no host:port.");
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  error_code error;
  const auto ip = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error) return InvalidArgument("'", host, "' is no IP address.");
  const int port = std::atoi(address.c_str() + colon + 1);
  if (port < 0 || port > 65535) return InvalidArgument("'", address, "' has no port.");
  return Endpoint{asio::ip::tcp::endpoint(ip, static_cast<unsigned short>(port)), false};
}

class SocketConnection final : public http::Connection,
                               public std::enable_shared_from_this<SocketConnection> {
 public:
  SocketConnection(async::Loop& loop, Socket socket, bool unix_socket)
      : loop_(loop), socket_(std::move(socket)) {
    auto peer = std::make_shared<http::Peer>();
    peer->unix_socket = unix_socket;
    peer->address = unix_socket ? "unix" : "tcp";
    peer_ = std::move(peer);
    if (!unix_socket) {
      error_code ignored;
      socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    }
    error_code ignored;
    socket_.non_blocking(true, ignored);
  }

  std::shared_ptr<http::Session> Start(const MakeSession& make) {
    session_ = make(*this);
    Flush();
    Read();
    return session_;
  }

  async::Loop& loop() override { return loop_; }
  const std::shared_ptr<const http::Peer>& peer() const override { return peer_; }
  void WantWrite() override {
    if (!consuming_) Flush();
  }
  void PauseReading(bool) override {}
  void CloseAfterWrite() override {
    closing_ = true;
    if (!consuming_) Flush();
  }

 private:
  void Read() {
    socket_.async_read_some(
        asio::buffer(in_), [self = shared_from_this()](const error_code& error, size_t size) {
          if (self->session_ == nullptr) return;
          if (error) return self->End(Unavailable("The connection was closed: ", error.message(), "."));
          self->consuming_ = true;
          const absl::Status status = self->session_->Consume({self->in_.data(), size});
          self->consuming_ = false;
          self->Flush();
          if (!status.ok()) return self->End(status);
          if (self->session_ != nullptr) self->Read();
        });
  }

  void Flush() {
    while (!flushing_ && !writing_ && session_ != nullptr) {
      flushing_ = true;
      session_->Produce(&out_, kWriteBytes);
      flushing_ = false;
      if (out_.empty()) {
        if (closing_) End(Unavailable("The connection was closed."));
        return;
      }
      error_code error;
      const size_t sent = socket_.write_some(asio::buffer(out_), error);
      if (error && error != asio::error::would_block) return Fail(error);
      if (sent == out_.size()) {
        out_.clear();
        continue;
      }
      writing_ = true;
      asio::async_write(socket_, asio::buffer(out_.data() + sent, out_.size() - sent),
                        [self = shared_from_this()](const error_code& failed, size_t) {
                          self->writing_ = false;
                          self->out_.clear();
                          if (failed) return self->Fail(failed);
                          self->Flush();
                        });
    }
  }

  // Not from inside a call of the session.
  void Fail(const error_code& error) {
    loop_.Post([self = shared_from_this(),
                why = Unavailable("The connection broke: ", error.message(), ".")] { self->End(why); });
  }

  void End(const absl::Status& why) {
    if (session_ == nullptr) return;
    error_code ignored;
    socket_.close(ignored);
    loop_.Post([session = std::exchange(session_, nullptr), why, self = shared_from_this()] {
      session->Closed(why);
    });
  }

  async::Loop& loop_;
  Socket socket_;
  std::shared_ptr<const http::Peer> peer_;
  std::shared_ptr<http::Session> session_;
  std::array<char, kReadBytes> in_;
  std::string out_;
  bool consuming_ = false, flushing_ = false, writing_ = false, closing_ = false;
};

}  // namespace

async::Task<absl::StatusOr<std::shared_ptr<http::Session>>> Dial(async::Loop& loop, std::string address,
                                                                 std::chrono::milliseconds timeout,
                                                                 MakeSession make) {
  CO_ASSIGN_OR_RETURN(const Endpoint endpoint, Parse(address));
  const auto socket = std::make_shared<Socket>(async::Asio(loop));
  async::Completion<absl::Status> connected;
  const auto completer = connected.completer();
  const auto timer = loop.After(timeout, [completer, socket] {
    completer.Set(Unavailable("The connection could not be made in time."));
    error_code ignored;
    socket->close(ignored);
  });
  socket->async_connect(endpoint.endpoint, [completer, socket](const error_code& error) {
    completer.Set(error ? Unavailable("The connection could not be made: ", error.message(), ".")
                        : absl::OkStatus());
  });
  CO_RETURN_IF_ERROR(co_await connected);
  const auto connection = std::make_shared<SocketConnection>(loop, std::move(*socket), endpoint.unix_socket);
  co_return connection->Start(make);
}

struct SocketListener::Impl : std::enable_shared_from_this<SocketListener::Impl> {
  Impl(async::Loop& l, MakeSession m, bool u)
      : loop(l), make(std::move(m)), unix_socket(u), acceptor(async::Asio(l)) {}
  void Accept() {
    acceptor.async_accept([self = shared_from_this()](const error_code& error, Socket socket) {
      if (error) return;
      std::make_shared<SocketConnection>(self->loop, std::move(socket), self->unix_socket)->Start(self->make);
      self->Accept();
    });
  }
  async::Loop& loop;
  const MakeSession make;
  const bool unix_socket;
  asio::basic_socket_acceptor<Protocol> acceptor;
};

absl::StatusOr<std::unique_ptr<SocketListener>> SocketListener::Listen(async::Loop& loop,
                                                                       const std::string& address,
                                                                       MakeSession make) {
  ASSIGN_OR_RETURN(const Endpoint endpoint, Parse(address));
  auto listener = std::unique_ptr<SocketListener>(new SocketListener());
  listener->impl_ = std::make_shared<Impl>(loop, std::move(make), endpoint.unix_socket);
  auto& acceptor = listener->impl_->acceptor;
  error_code error;
  acceptor.open(endpoint.endpoint.protocol(), error);
  if (endpoint.unix_socket) {
    unlink(address.c_str() + 5);
  } else if (!error) {
    acceptor.set_option(asio::socket_base::reuse_address(true), error);
  }
  if (!error) acceptor.bind(endpoint.endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return Unavailable("Cannot listen on ", address, ": ", error.message(), ".");
  listener->address_ = address;
  if (!endpoint.unix_socket) {
    asio::ip::tcp::endpoint bound;
    const auto local = acceptor.local_endpoint();
    std::memcpy(bound.data(), local.data(), local.size());
    listener->address_ = address.substr(0, address.rfind(':') + 1) + std::to_string(bound.port());
  }
  listener->impl_->Accept();
  return listener;
}

SocketListener::~SocketListener() {
  if (impl_ == nullptr) return;
  error_code ignored;
  impl_->acceptor.close(ignored);
}

}  // namespace starling::grpc

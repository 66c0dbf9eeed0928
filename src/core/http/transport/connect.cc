#include "core/http/transport/connect.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/status.h"
#include "core/async/asio.h"
#include "core/async/completion.h"

namespace starling::http {
namespace {

using boost::asio::posix::stream_descriptor;

absl::Status ConnectError(const SocketAddress& address, int error) {
  return Unavailable("Cannot connect to ", address.ToString(), ": ", std::strerror(error), ".");
}

async::Task<absl::StatusOr<int>> OpenSocket(SocketAddress address, std::chrono::milliseconds timeout) {
  async::Loop* const loop = async::Loop::Current();
  const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) co_return ConnectError(address, errno);
  if (!address.is_unix()) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  if (::connect(fd, address.data(), address.size()) == 0) co_return fd;
  if (errno != EINPROGRESS) {
    const absl::Status error = ConnectError(address, errno);
    ::close(fd);
    co_return error;
  }
  stream_descriptor socket(async::Asio(*loop), fd);
  async::Completion<bool> done;
  const auto completer = done.completer();
  const async::Timer timer = loop->After(timeout, [completer] { completer.Set(false); });
  socket.async_wait(stream_descriptor::wait_write,
                    [completer](const boost::system::error_code&) { completer.Set(true); });
  const bool in_time = co_await done;
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (!in_time) error = ETIMEDOUT;
  if (error != 0) co_return ConnectError(address, error);  // `socket` closes it
  co_return socket.release();
}

// Shared by the two callbacks, one of which settles it.
struct Opening {
  explicit Opening(async::Completer<absl::Status> completer) : settled(std::move(completer)) {}
  async::Completer<absl::Status> settled;
  bool made = false;
  ClientSessionFactory factory;
  SocketConnection::ClosedCallback on_closed;
};

}  // namespace

async::Task<absl::StatusOr<std::shared_ptr<SocketConnection>>> Connect(
    SocketAddress address, ConnectOptions options, ClientSessionFactory factory,
    SocketConnection::ClosedCallback on_closed) {
  CO_ASSIGN_OR_RETURN(const int fd, co_await OpenSocket(address, options.connect_timeout));
  async::Completion<absl::Status> settled;
  auto opening = std::make_shared<Opening>(settled.completer());
  opening->factory = std::move(factory);
  opening->on_closed = std::move(on_closed);
  SessionChooser choose = [opening](Connection& connection, std::string_view protocol, std::string_view) {
    auto session = std::exchange(opening->factory, nullptr)(connection, protocol);
    opening->made = session != nullptr;
    opening->settled.Set(opening->made ? absl::OkStatus()
                                       : Unavailable("The server does not speak the protocol asked for."));
    return session;
  };
  auto closed = [opening](const absl::Status& reason) {
    if (opening->made && opening->on_closed) return opening->on_closed(reason);
    opening->settled.Set(reason.ok() ? Unavailable("The server closed the connection.") : reason);
  };
  Peer peer{.address = address.is_unix() ? "unix" : address.ToString(), .tls = options.tls != nullptr};
  auto transport =
      options.tls != nullptr ? options.tls->Wrap(fd, options.server_name) : MakePlainTransport(fd);
  auto connection =
      SocketConnection::Start(*async::Loop::Current(), fd, std::move(transport), std::move(peer),
                              options.connection, std::move(choose), std::move(closed));
  const absl::Status status = co_await settled;
  if (!status.ok()) {
    connection->Close(status);
    co_return status;
  }
  co_return connection;
}

}  // namespace starling::http

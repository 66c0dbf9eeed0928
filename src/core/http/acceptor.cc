#include "core/http/acceptor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/status.h"
#include "core/async/asio.h"

namespace starling::http {
namespace {

using boost::asio::posix::stream_descriptor;

constexpr int kAcceptsPerTurn = 32;
constexpr std::chrono::milliseconds kFileTableFull(50);

void SetOption(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof(on));
}

absl::Status ListenError(const SocketAddress& address, int error) {
  if (error == EADDRINUSE)
    return AlreadyExists("Cannot listen on ", address.ToString(), ": the address is in use.");
  return Unavailable("Cannot listen on ", address.ToString(), ": ", std::strerror(error), ".");
}

// The file of a Unix socket that nobody listens on any more.
bool RemoveStaleFile(const SocketAddress& address) {
  struct stat file;
  if (::stat(address.path().c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const bool refused = ::connect(probe, address.data(), address.size()) != 0 && errno == ECONNREFUSED;
  ::close(probe);
  return refused && ::unlink(address.path().c_str()) == 0;
}

class AcceptorImpl final : public Acceptor, public std::enable_shared_from_this<AcceptorImpl> {
 public:
  AcceptorImpl(async::Loop& loop, int fd, Accepted accepted)
      : loop_(loop), fd_(fd), socket_(async::Asio(loop), fd), accepted_(std::move(accepted)) {}

  void Wait() {
    socket_.async_wait(stream_descriptor::wait_read,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                         if (!error && !self->closed_) self->Accept();
                       });
  }

  void Close() override {
    if (closed_) return;
    while (AcceptOne()) {
    }
    closed_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
    retry_.Cancel();
    accepted_ = nullptr;
  }

 private:
  void Accept() {
    for (int i = 0; i < kAcceptsPerTurn && !closed_; ++i) {
      if (AcceptOne()) continue;
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        // Nothing can be accepted until something closes; the socket stays readable all the while.
        retry_ = loop_.After(kFileTableFull, [self = shared_from_this()] { self->Wait(); });
        return;
      }
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    }
    if (!closed_) Wait();
  }

  // False with errno if there is none.
  bool AcceptOne() {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    const int fd = ::accept4(fd_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) accepted_(fd, SocketAddress(reinterpret_cast<const sockaddr*>(&peer), size));
    return fd >= 0;
  }

  async::Loop& loop_;
  const int fd_;
  stream_descriptor socket_;
  Accepted accepted_;
  async::Timer retry_;
  bool closed_ = false;
};

}  // namespace

absl::StatusOr<int> OpenListeningSocket(const SocketAddress& address, int backlog, bool shared) {
  const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return ListenError(address, errno);
  if (!address.is_unix()) {
    SetOption(fd, SOL_SOCKET, SO_REUSEADDR);
    if (shared) SetOption(fd, SOL_SOCKET, SO_REUSEPORT);
    SetOption(fd, IPPROTO_TCP, TCP_NODELAY);  // accepted sockets inherit it
  }
  int bound = ::bind(fd, address.data(), address.size());
  if (bound != 0 && errno == EADDRINUSE && address.is_unix() && RemoveStaleFile(address)) {
    bound = ::bind(fd, address.data(), address.size());
  }
  if (bound == 0 && address.is_unix()) ::chmod(address.path().c_str(), 0600);
  if (bound != 0 || ::listen(fd, backlog) != 0) {
    const absl::Status error = ListenError(address, errno);
    ::close(fd);
    return error;
  }
  return fd;
}

std::shared_ptr<Acceptor> Acceptor::Start(async::Loop& loop, int fd, Accepted accepted) {
  auto acceptor = std::make_shared<AcceptorImpl>(loop, fd, std::move(accepted));
  loop.Post([acceptor] { acceptor->Wait(); });
  return acceptor;
}

}  // namespace starling::http

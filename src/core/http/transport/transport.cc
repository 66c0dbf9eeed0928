#include "core/http/transport/transport.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/status.h"

namespace starling::http {
namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(int fd) : fd_(fd) {}

  Result Handshake() override { return {Outcome::kBytes, 0}; }

  Result Read(char* buffer, size_t size) override {
    const ssize_t got = ::recv(fd_, buffer, size, 0);
    if (got > 0) return {Outcome::kBytes, static_cast<size_t>(got)};
    if (got == 0) return {Outcome::kEnd, 0};
    return Failed(Outcome::kWantRead);
  }

  Result Write(const char* data, size_t size) override {
    const ssize_t sent = ::send(fd_, data, size, MSG_NOSIGNAL);
    if (sent >= 0) return {Outcome::kBytes, static_cast<size_t>(sent)};
    return Failed(Outcome::kWantWrite);
  }

  void EndOutput() override { ::shutdown(fd_, SHUT_WR); }

 private:
  Result Failed(Outcome want) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {want, 0};
    error_ = Cancelled("The connection was lost: ", std::strerror(errno), ".");
    return {Outcome::kError, 0};
  }

  const int fd_;
};

}  // namespace

std::unique_ptr<Transport> MakePlainTransport(int fd) { return std::make_unique<PlainTransport>(fd); }

}  // namespace starling::http

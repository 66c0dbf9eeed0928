#include "load/connection.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "base/strings.h"

namespace starling::bench {
namespace {

constexpr size_t kReadBytes = 256 * 1024;

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK; }

// A socket that is still connecting takes what is sent to it later.
bool NotYet() { return WouldBlock() || errno == ENOTCONN || errno == EINPROGRESS || errno == EALREADY; }

}  // namespace

bool Connection::Open() {
  Close();
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return false;
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const auto* address = reinterpret_cast<const sockaddr*>(&options_.address);
  return ::connect(fd_, address, sizeof(options_.address)) == 0 || errno == EINPROGRESS;
}

void Connection::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  busy_ = false;
  unsent_ = {};
  received_.clear();
  wire_ = GrpcWire();
}

bool Connection::Send(std::string_view request, int64_t due_ns, int64_t now_ns) {
  busy_ = true;
  due_ns_ = due_ns;
  sent_ns_ = now_ns;
  if (options_.grpc) return SendAlso(wire_.Call(request));
  unsent_ = request;
  return ContinueSending();
}

bool Connection::SendAlso(const std::string& bytes) {
  frames_ = StrCat(unsent_, bytes);
  unsent_ = frames_;
  return ContinueSending();
}

bool Connection::ContinueSending() {
  while (!unsent_.empty()) {
    const ssize_t size = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (size < 0) return NotYet();
    unsent_.remove_prefix(static_cast<size_t>(size));
  }
  return true;
}

Connection::Read Connection::Receive(ResponseEnd* answer) {
  if (options_.grpc) return ReceiveCall(answer);
  static const std::unique_ptr<char[]> buffer(new char[kReadBytes]);
  while (fd_ >= 0) {
    const ssize_t size = ::recv(fd_, buffer.get(), kReadBytes, 0);
    if (size < 0) return NotYet() ? Read::kNothing : Read::kClosed;
    if (size == 0) return Read::kClosed;
    std::string_view bytes(buffer.get(), static_cast<size_t>(size));
    if (!received_.empty()) {
      received_.append(bytes);
      bytes = received_;
    }
    const auto end = FindEnd(bytes);
    if (end.has_value()) {
      // One request is under way at a time: nothing may follow its answer.
      if (!busy_ || end->size != bytes.size()) return Read::kMalformed;
      *answer = *end;
      busy_ = false;
      received_.clear();
      return Read::kAnswer;
    }
    if (received_.empty()) received_.assign(bytes);
    // An edge comes again with the next bytes: a short read has emptied the socket.
    if (static_cast<size_t>(size) < kReadBytes) return Read::kNothing;
  }
  return Read::kNothing;
}

Connection::Read Connection::ReceiveCall(ResponseEnd* answer) {
  std::array<char, 16 * 1024> buffer;
  while (fd_ >= 0) {
    const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (size < 0) return NotYet() ? Read::kNothing : Read::kClosed;
    if (size == 0) return Read::kClosed;
    received_.append(buffer.data(), static_cast<size_t>(size));
    std::string replies;
    const GrpcWire::Event event = wire_.Take(&received_, &replies);
    if (!replies.empty() && !SendAlso(replies)) return Read::kClosed;
    switch (event) {
      case GrpcWire::Event::kNothing:
        break;
      case GrpcWire::Event::kSucceeded:
      case GrpcWire::Event::kFailed:
        if (!busy_) return Read::kMalformed;
        busy_ = false;
        *answer = {.status = event == GrpcWire::Event::kSucceeded ? 200 : 500};
        return Read::kAnswer;
      case GrpcWire::Event::kGoingAway:
        return Read::kClosed;
      case GrpcWire::Event::kMalformed:
        return Read::kMalformed;
    }
    if (static_cast<size_t>(size) < buffer.size()) return Read::kNothing;
  }
  return Read::kNothing;
}

}  // namespace starling::bench

// Where to listen or to connect: an IP address with a port, or the path of a Unix socket.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace starling::http {

class SocketAddress {
 public:
  SocketAddress() = default;
  SocketAddress(const sockaddr* address, socklen_t size);

  // "127.0.0.1:8000", "[::1]:8000", "localhost:8000" (means 127.0.0.1), ":8000" (means every address) or
  // "unix:/run/starling.sock". INVALID_ARGUMENT for anything else: host names are resolved elsewhere.
  static absl::StatusOr<SocketAddress> Parse(std::string_view text);
  // A literal IP address, without brackets, and a port.
  static absl::StatusOr<SocketAddress> Ip(std::string_view host, uint16_t port);

  bool is_unix() const { return storage_.ss_family == AF_UNIX; }
  // Only programs of this machine can reach it: 127.0.0.0/8, ::1 or a Unix socket.
  bool is_loopback() const;
  uint16_t port() const;         // 0 for a Unix socket
  std::string path() const;      // of a Unix socket
  std::string ToString() const;  // as Parse() takes it

  int family() const { return storage_.ss_family; }
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

// The local end of a bound socket.
SocketAddress LocalAddress(int fd);

}  // namespace starling::http

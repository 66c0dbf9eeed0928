// Listening sockets. Internal to core/http.
#pragma once

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "core/async/loop.h"
#include "core/http/transport/socket_address.h"

namespace starling::http {

// A bound, listening, non-blocking socket; the caller owns it. `shared`: others of this process listen on the same port
// (SO_REUSEPORT). UNAVAILABLE with a sentence if the address is in use or not ours. A Unix socket's stale file is replaced,
// and the file is for its owner alone.
absl::StatusOr<int> OpenListeningSocket(const SocketAddress& address, int backlog, bool shared);

// Hands out connections on one loop. Loop thread only, but for construction and destruction.
class Acceptor {
 public:
  // Owns `fd`. `accepted` gets a connected, non-blocking socket that it owns, and the peer's address.
  using Accepted = absl::AnyInvocable<void(int fd, const SocketAddress& peer)>;
  static std::shared_ptr<Acceptor> Start(async::Loop& loop, int fd, Accepted accepted);
  virtual ~Acceptor() = default;
  // Hands out what the system has accepted already, whose clients may have sent their requests, and stops listening.
  // Idempotent.
  virtual void Close() = 0;
};

}  // namespace starling::http

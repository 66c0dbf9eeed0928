// A connection over TCP or a Unix socket, plain or TLS, server or client: the owner of a socket. Internal to core/http
// and core/grpc; see listener.h for servers and connect.h for clients.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "core/async/loop.h"
#include "core/http/edge/edge_metrics.h"
#include "core/http/session.h"
#include "core/http/stats.h"
#include "core/http/transport/transport.h"

namespace starling::http {

struct ConnectionOptions {
  // TLS handshake and, on a server, until the protocol is known. Not zero.
  std::chrono::milliseconds handshake_timeout{10000};
  // Without any byte from the peer and without a request under way; then the session is drained. Zero: none.
  std::chrono::milliseconds idle_timeout{75000};
  // Output that the peer takes none of ends the connection. Not zero.
  std::chrono::milliseconds write_timeout{30000};
  // After our last byte, how long the peer may take to close its side. Zero closes at once.
  std::chrono::milliseconds linger_timeout{1000};
  // The peer's end of its output is not yet its end of interest: it gets answers to what it has asked for. Otherwise it cancels.
  bool half_close = false;
  Stats* stats = nullptr;                // outlives the connection; may be null
  const EdgeMetrics* metrics = nullptr;  // the same
};

// Makes the session once the protocol is known: from what TLS agreed on ("h2", "http/1.1", "") and the first bytes. Null: more
// bytes are needed. First called without any.
using SessionChooser = std::function<std::shared_ptr<Session>(
    Connection& connection, std::string_view protocol, std::string_view bytes)>;

// Reads, lets the session consume, and writes what that produced with one system call, at once; waits for the socket only
// when it takes no more. Loop thread only.
class SocketConnection : public Connection {
 public:
  using ClosedCallback = absl::AnyInvocable<void(const absl::Status& reason)>;

  // Owns `fd`, which is connected and non-blocking. The connection keeps itself alive until it is closed. `on_closed` runs
  // once, on the loop, not inside any call made here. `peer` lacks what TLS proves: that is added after the handshake.
  static std::shared_ptr<SocketConnection> Start(async::Loop& loop, int fd,
                                                 std::unique_ptr<Transport> transport, Peer peer,
                                                 const ConnectionOptions& options, SessionChooser chooser,
                                                 ClosedCallback on_closed);

  // The session finishes what is under way, then the connection closes.
  virtual void Drain() = 0;
  // Closes at once; the session hears `reason`. Not inside a call of the session.
  virtual void Close(absl::Status reason) = 0;
  virtual bool closed() const = 0;
};

}  // namespace starling::http

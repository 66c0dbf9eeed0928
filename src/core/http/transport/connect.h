// Client connections. Internal to core/http and core/grpc.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/async/task.h"
#include "core/http/connection.h"
#include "core/http/transport/socket_address.h"
#include "core/http/transport/tls.h"

namespace starling::http {

struct ConnectOptions {
  std::chrono::milliseconds connect_timeout{5000};  // until connected, before TLS
  std::shared_ptr<const TlsContext> tls;            // plain if null
  std::string server_name;                          // must be in the server's certificate
  // handshake_timeout bounds TLS.
  ConnectionOptions connection{.idle_timeout = std::chrono::milliseconds(0),
                               .linger_timeout = std::chrono::milliseconds(0)};
};

// Makes the client's session; `protocol` as TLS agreed on it, "" without TLS. Null refuses the connection. It may keep
// what it makes: how the caller gets at its session.
using ClientSessionFactory =
    std::function<std::shared_ptr<Session>(Connection& connection, std::string_view protocol)>;

// Connects on the loop it is awaited on; returns once the session was made (and its first output written, as far as the
// socket took it). UNAVAILABLE says why not. `on_closed` runs once after a success, never after a failure. The
// connection keeps itself alive until it is closed.
async::Task<absl::StatusOr<std::shared_ptr<SocketConnection>>> Connect(
    SocketAddress address, ConnectOptions options, ClientSessionFactory factory,
    SocketConnection::ClosedCallback on_closed);

}  // namespace starling::http

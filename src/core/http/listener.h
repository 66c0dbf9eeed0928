// Listens on one address and answers HTTP/1.1 and HTTP/2 on it, on every loop of a group.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/async/loop.h"
#include "core/async/task.h"
#include "core/http/connection.h"
#include "core/http/exchange.h"
#include "core/http/h1/h1_options.h"
#include "core/http/h2/h2_options.h"
#include "core/http/stats.h"
#include "core/http/transport/tls.h"

namespace starling::http {

struct ListenerOptions {
  // "127.0.0.1:8000", "[::1]:8000", ":8000" (every address) or "unix:/path". Port 0 takes a free one. A Unix socket
  // takes connections of the same user and of root alone; a file left over by a dead process is replaced.
  std::string address = "127.0.0.1:0";
  bool tls = false;
  TlsServerOptions tls_files;  // with `tls`
  // Over all loops. One more is answered 503 (without TLS) and closed.
  size_t max_connections = 10000;
  int backlog = 1024;
  ConnectionOptions connection;  // `stats` and `metrics` are set by the listener
  Http1Options http1;
  bool http2 =
      true;  // beside HTTP/1.1, on the same port: by ALPN with TLS, by the connection's first bytes without
  H2Options h2;
  const EdgeMetrics* metrics = nullptr;  // outlives the listener; may be null
};

// Any thread, but not from one of its loops' threads where it says "blocks".
class Listener {
 public:
  // INVALID_ARGUMENT or UNAVAILABLE with a sentence for whoever starts the program: a wrong address, an address in use, a file
  // that TLS can't use. The loops and the handler outlive the listener.
  static absl::StatusOr<std::unique_ptr<Listener>> Start(async::LoopGroup& loops, ListenerOptions options,
                                                         Handler& handler);
  // Closes what is still open. Blocks until the loops have done so.
  virtual ~Listener() = default;

  // As connected to: with the port that was taken.
  virtual const std::string& address() const = 0;
  virtual uint16_t port() const = 0;
  virtual const Stats& stats() const = 0;

  // Reads the files of TLS again; connections from then on use them. INVALID_ARGUMENT with the file that can't be used, and those
  // read before stay. OK without TLS.
  virtual absl::Status ReloadTls() = 0;

  // Stops accepting, lets every session finish what is under way, and returns when no connection is left and no handler runs, or `grace` is over;
  // then closes the rest. True if nothing was cut. Awaited from any loop.
  virtual async::Task<bool> Drain(std::chrono::milliseconds grace) = 0;
};

}  // namespace starling::http

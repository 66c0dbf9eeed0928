// TLS from files, on OpenSSL.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/http/transport/transport.h"

namespace starling::http {

// Files are PEM. Empty strings: not given.
struct TlsServerOptions {
  std::string certificate_file;  // the server's chain
  std::string key_file;
  std::string client_ca_file;               // who may sign client certificates; without it none is asked for
  bool require_client_certificate = false;  // refuse clients without one
  bool http2 = true;                        // offer h2 beside http/1.1
};

struct TlsClientOptions {
  std::string ca_file;           // who may sign the server's certificate; without it the system's authorities
  std::string certificate_file;  // our own, for servers that ask for one
  std::string key_file;
  bool http2 = true;  // ask for h2 (true) or for http/1.1
};

// Settings of many connections. Thread-safe once made.
class TlsContext {
 public:
  // INVALID_ARGUMENT names the file that can't be used.
  static absl::StatusOr<std::shared_ptr<const TlsContext>> Server(const TlsServerOptions& options);
  static absl::StatusOr<std::shared_ptr<const TlsContext>> Client(const TlsClientOptions& options);
  ~TlsContext();

  // As MakePlainTransport. The context outlives the transport by itself. `server_name`: of a client, what must be in the
  // server's certificate, a host name or an IP address.
  std::unique_ptr<Transport> Wrap(int fd, const std::string& server_name = "") const;

 private:
  struct Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace starling::http

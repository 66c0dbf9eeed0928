// gRPC's client side: calls to one address over HTTP/2.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/rpc/endpoint.h"

namespace starling::async {
class Pool;
}
namespace starling::http {
class Headers;
class TlsContext;
}  // namespace starling::http

namespace starling::grpc {

struct ChannelOptions {
  std::string address;  // "10.0.0.7:8001" or "unix:/run/spam.sock"
  // Must be in the server's certificate; also the calls' :authority, which is "localhost" without it.
  std::string server_name;
  std::chrono::milliseconds connect_timeout{5000};
  std::shared_ptr<const http::TlsContext> tls;  // null: plaintext HTTP/2 with prior knowledge
  // After a connection could not be made calls fail at once for between half of this and all of it. Longer pauses are
  // for those who know the other targets: BalancedEndpoint.
  std::chrono::milliseconds reconnect_pause{50};
  std::chrono::milliseconds ping_interval{20000}, ping_timeout{10000};
  size_t max_response_bytes = 4 * 1024 * 1024;  // one message, unpacked
  size_t max_request_bytes = 64 * 1024 * 1024;
  bool accept_gzip = true;
  // Whether the peer may be told on whose behalf we call. Default: over Unix sockets only.
  std::optional<bool> trusted;
  // Where large messages are unpacked. Null: on the loop.
  async::Pool* pool = nullptr;
  // More headers for each call. Any thread.
  std::function<void(const rpc::Method&, http::Headers*)> add_headers;
};

struct ChannelState {
  size_t connections = 0;
  std::string
      last_error;  // why the last attempt to connect failed, or the last connection ended; empty after success
};

// One connection per loop, made when the first call needs it and again after it was lost: a call never changes threads.
// Thread-safe; destroyed before the loops it was used on, when its calls have ended.
//
// Errors: what the peer answered, with its details as payloads; DEADLINE_EXCEEDED and CANCELLED of the call's own
// context at once; UNAVAILABLE if there is no connection or it was lost. A call that the peer certainly has not begun
// carries rpc::WithNotProcessed.
class Channel final : public rpc::Endpoint {
 public:
  explicit Channel(ChannelOptions options);
  ~Channel() override;

  async::Task<absl::StatusOr<rpc::Payload>> Unary(RequestContext context, const rpc::Method& method,
                                                  rpc::Payload request) override;
  async::Stream<rpc::Payload> Open(RequestContext context, const rpc::Method& method,
                                   async::Stream<rpc::Payload> requests) override;

  ChannelState state() const;
  const std::string& address() const;

 private:
  class Links;
  const std::shared_ptr<Links> links_;
};

}  // namespace starling::grpc

// One request and its response, whatever version of HTTP carries them: what lies between connections and everything
// above them (routes, gRPC, pages, proxies).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "core/async/task.h"
#include "core/context/cancel.h"
#include "core/context/request_context.h"

namespace starling::http {

// Names are lower case. Order is kept; repeated names are allowed.
class Headers {
 public:
  void Add(std::string name, std::string value) {
    if (fields_.capacity() == 0) fields_.reserve(kUsual);
    fields_.emplace_back(std::move(name), std::move(value));
  }
  void Append(Headers others) {
    for (auto& [name, value] : others.fields_) Add(std::move(name), std::move(value));
  }
  // The first value, or nullopt.
  std::optional<std::string_view> Get(std::string_view name) const {
    for (const auto& [key, value] : fields_) {
      if (key == name) return value;
    }
    return std::nullopt;
  }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  size_t size() const { return fields_.size(); }
  // Keeps the room for the next ones.
  void Clear() { fields_.clear(); }
  bool empty() const { return fields_.empty(); }

 private:
  static constexpr size_t kUsual = 8;  // room for as many at once
  std::vector<std::pair<std::string, std::string>> fields_;
};

enum class Version { kHttp1, kHttp2 };

// Facts of the connection: the peer's identity as the transport proved it.
struct Peer {
  std::string address;  // "127.0.0.1:53412", "[::1]:53412" or "unix"
  bool tls = false;
  std::string certificate_name;  // subject alternative name or common name of a verified client certificate
  bool unix_socket = false;      // same user, proven by SO_PEERCRED
};

struct Request {
  Version version = Version::kHttp1;
  std::string method;     // "POST"
  std::string path;       // as sent, without the query
  std::string query;      // after '?', as sent
  std::string authority;  // Host or :authority
  Headers headers;        // without pseudo-headers and hop-by-hop headers
  std::shared_ptr<const Peer> peer;
};

// Lives on its connection's loop, and so do all its calls. The handler owns it while it runs. One read and one write
// may be under way at a time (a full-duplex stream has both).
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const Request& request() const = 0;

  // Cancelled when the client goes away or resets the stream.
  virtual const CancelToken& cancel() const = 0;

  // The next piece of the body (never empty), or nullopt at its end. RESOURCE_EXHAUSTED past the listener's body limit
  // (413), DEADLINE_EXCEEDED past its body deadline (408), CANCELLED when the client went away. Reading opens
  // the flow-control window; not reading pauses the client.
  virtual async::Task<absl::StatusOr<std::optional<Bytes>>> Read() = 0;

  // A whole response in one write: small calls cost one system call. `trailers` only over HTTP/2.
  virtual async::Task<absl::Status> Respond(int status, Headers headers, Bytes body,
                                            Headers trailers = {}) = 0;

  // Or piece by piece: Start once, Write any number of times (returns when the connection takes more: back-pressure),
  // Finish once.
  virtual async::Task<absl::Status> Start(int status, Headers headers) = 0;
  virtual async::Task<absl::Status> Write(Bytes chunk) = 0;
  virtual async::Task<absl::Status> Finish(Headers trailers = {}) = 0;

  // Ends the stream without a good end: RST_STREAM with `http2_code` (RFC 9113, section 7), or closes an HTTP/1.1
  // connection.
  virtual void Abort(uint32_t http2_code) = 0;

  virtual bool response_started() const = 0;
};

// Whole body, at most `limit` bytes (RESOURCE_EXHAUSTED past that).
async::Task<absl::StatusOr<Bytes>> ReadAll(Exchange& exchange, size_t limit);

// Answers requests. Thread-safe: called on every loop.
class Handler {
 public:
  virtual ~Handler() = default;
  // Must respond or abort before it ends; if it does neither, the connection answers 500.
  virtual async::Task<void> Handle(Exchange& exchange) = 0;
};

}  // namespace starling::http

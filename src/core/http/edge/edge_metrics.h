// Whom the edge turned away, and why.
#pragma once

#include <array>
#include <cstddef>

#include "core/observe/registry.h"

namespace starling::http {

// Why a request or a connection was turned away.
enum class Refused {
  // Connections.
  kTooManyConnections,
  kWrongUser,  // the peer of a Unix socket is another user
  kHandshakeFailed,
  kHandshakeTimeout,  // TLS, or the first byte
  kIdleTimeout,
  kWriteTimeout,  // the peer takes no output
  // Requests that HTTP's own rules or limits end.
  kMalformed,
  kHeaderTimeout,
  kHeaderTooLarge,
  kTooManyHeaders,
  kTargetTooLong,
  kExpectation,
  kNotSupported,  // the version of HTTP, a transfer encoding, CONNECT
  // Requests that were read.
  kBodyTooLarge,
  kBodyTimeout,
  kInvalidInput,  // JSON that is broken or too deep, or a rule of the contract
  kUnauthenticated,
  kPermissionDenied,
  kNotAcceptable,
  kUnsupportedMediaType,
  kCount,
};

// Thread-safe. Metrics of one registry: a second object counts into the same ones.
class EdgeMetrics {
 public:
  // `registry` outlives it.
  explicit EdgeMetrics(observe::Registry& registry);

  void Count(Refused why) const { refused_[static_cast<size_t>(why)].Add(); }
  // For an answer by whoever handled the request: what its status says of why it was turned away, if it was.
  void CountAnswer(int status) const;

 private:
  std::array<observe::Counter, static_cast<size_t>(Refused::kCount)> refused_;
};

inline void Count(const EdgeMetrics* metrics, Refused why) {
  if (metrics != nullptr) metrics->Count(why);
}

}  // namespace starling::http

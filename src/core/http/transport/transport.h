// A non-blocking byte stream over a socket: plain or TLS. Internal to core/http.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"

namespace starling::http {

class Transport {
 public:
  virtual ~Transport() = default;

  enum class Outcome {
    kBytes,      // `size` bytes went through
    kWantRead,   // nothing did: try again when the socket is readable
    kWantWrite,  // ... writable
    kEnd,        // the peer has sent its end
    kError,      // the connection is gone: see error()
  };
  struct Result {
    Outcome outcome = Outcome::kError;
    size_t size = 0;
  };

  // kBytes (size 0) once the stream may be used. A plain stream may at once.
  virtual Result Handshake() = 0;
  virtual Result Read(char* buffer, size_t size) = 0;
  virtual Result Write(const char* data, size_t size) = 0;
  // Bytes were received and decoded that Read() has not yet given: the socket will not say so.
  virtual bool has_pending() const { return false; }
  // No more output. Best effort.
  virtual void EndOutput() = 0;

  // After the handshake: what the peers agreed on ("h2", "http/1.1" or "") and the name in the peer's verified
  // certificate ("" without one).
  virtual std::string protocol() const { return ""; }
  virtual std::string certificate_name() const { return ""; }

  // Why the last call gave kError.
  const absl::Status& error() const { return error_; }

 protected:
  absl::Status error_;
};

// `fd` stays the caller's, is non-blocking and outlives the transport.
std::unique_ptr<Transport> MakePlainTransport(int fd);

}  // namespace starling::http

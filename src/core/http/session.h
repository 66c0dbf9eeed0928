// Between a connection, which owns a socket, and the protocol spoken on it. Internal to core/http and core/grpc.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/async/loop.h"
#include "core/http/exchange.h"

namespace starling::http {

// What a session may ask of its connection. Loop thread only.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual async::Loop& loop() = 0;
  virtual const std::shared_ptr<const Peer>& peer() const = 0;
  // There is output: the connection calls Session::Produce as soon as its socket takes it (possibly inside this
  // call, never inside Consume: output made while input is consumed goes out in one write afterwards).
  virtual void WantWrite() = 0;
  // Stops (or goes on with) reading from the socket: back-pressure for protocols without windows of their own.
  virtual void PauseReading(bool paused) = 0;
  // Closes once what Produce has given is written.
  virtual void CloseAfterWrite() = 0;
};

// HTTP/1.1 or HTTP/2, server or client side, on one connection. Loop thread only. The connection keeps a session
// alive until Closed() was called and every coroutine that it started has ended.
class Session {
 public:
  virtual ~Session() = default;
  // Bytes from the peer. An error closes the connection at once (after what Produce still has to say).
  virtual absl::Status Consume(std::string_view bytes) = 0;
  // Appends up to about `limit` bytes of output to `out`; leaves it as it is when there is none.
  virtual void Produce(std::string* out, size_t limit) = 0;
  // The socket is gone, or the peer has sent its end: cancels all that runs. Called once.
  virtual void Closed(const absl::Status& reason) = 0;
  // The peer has sent its end, but may still read. True: what it has asked for in full is answered, then CloseAfterWrite; called
  // once. False: nothing is worth an answer.
  virtual bool InputEnded() { return false; }
  // Take no new requests, finish those under way, then CloseAfterWrite (GOAWAY; Connection: close).
  virtual void Drain() = 0;
  // No request under way.
  virtual bool idle() const = 0;
};

}  // namespace starling::http

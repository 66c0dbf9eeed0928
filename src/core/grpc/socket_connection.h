// A plain socket that an HTTP/2 session speaks on.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/async/loop.h"
#include "core/async/task.h"
#include "core/http/session.h"

namespace starling::grpc {

using MakeSession = std::function<std::shared_ptr<http::Session>(http::Connection&)>;

// Connects `loop` to "host:port" or "unix:/path" and starts a session there. The connection lives until its socket ends.
// UNAVAILABLE if that fails or takes longer than `timeout`.
async::Task<absl::StatusOr<std::shared_ptr<http::Session>>> Dial(async::Loop& loop, std::string address,
                                                                 std::chrono::milliseconds timeout,
                                                                 MakeSession make);

// Accepts on "host:port" (port 0: any) or "unix:/path" until destroyed. Made, used and destroyed on the loop's thread or
// while it does not run.
class SocketListener {
 public:
  static absl::StatusOr<std::unique_ptr<SocketListener>> Listen(async::Loop& loop, const std::string& address,
                                                                MakeSession make);
  ~SocketListener();
  // As Dial() wants it.
  const std::string& address() const { return address_; }

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
  std::string address_;
};

}  // namespace starling::grpc

// ServerClient: how a command asks a program that runs, over gRPC.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "core/async/loop.h"
#include "core/async/spawn.h"
#include "core/async/task.h"
#include "core/context/request_context.h"
#include "core/rpc/endpoint.h"

namespace starling::app {

struct ServerAddress {
  std::string address = "127.0.0.1:8001";  // of its gRPC listener; or "unix:/path"
  std::string api_key;                     // empty: as whom the machine's listener takes us
  std::string ca_file;                     // over TLS, with a certificate by one of these; empty: without
};

// One thread. For programs that end soon: a call blocks.
class ServerClient {
 public:
  // FAILED_PRECONDITION or what the TLS files are refused for.
  static absl::StatusOr<std::unique_ptr<ServerClient>> Open(const ServerAddress& server);
  ~ServerClient();

  // For a generated stub.
  rpc::Endpoint& endpoint() { return *channel_; }
  // Half a minute, then DEADLINE_EXCEEDED.
  RequestContext context() const;
  template <typename T>
  T Wait(async::Task<T> task) {
    return async::BlockOn(loop_, std::move(task));
  }

 private:
  ServerClient() = default;

  async::Loop loop_;
  std::unique_ptr<rpc::Endpoint> channel_;
};

}  // namespace starling::app

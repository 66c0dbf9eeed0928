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
  // Of one of its listeners, or "unix:/path". "https://" before it: over TLS; "http://" means nothing.
  std::string address = "127.0.0.1:8001";
  std::string api_key;  // empty: as whom the machine's listener takes us
  std::string
      ca_file;  // over TLS, with a certificate by one of these; empty: the system's authorities, if over TLS
};

// What a person can do who hears this status from a call, in a sentence; where nothing is known, what the status says.
std::string WhyNoAnswer(const absl::Status& status, const ServerAddress& server);

// One thread. For programs that end soon: a call blocks.
class ServerClient {
 public:
  // INVALID_ARGUMENT for an address without a port, FAILED_PRECONDITION, or what the TLS files are refused for.
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

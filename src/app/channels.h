// How this program reaches others over gRPC, and asks whether they serve.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/app_config.h"
#include "core/async/pool.h"
#include "core/grpc/channel.h"
#include "core/rpc/endpoint.h"

namespace starling::app {

// Thread-safe.
class Channels {
 public:
  // `max_message_bytes` bounds one message either way; `pool` unpacks large ones.
  Channels(size_t max_message_bytes, async::Pool& pool)
      : max_message_bytes_(max_message_bytes), pool_(pool) {}

  // Connects to one address, which was looked up by `host`, when that is first called.
  using Connect =
      std::function<std::shared_ptr<rpc::Endpoint>(const std::string& address, const std::string& host)>;
  // The targets of a remote service, over TLS unless `config` says plaintext. INVALID_ARGUMENT names a file that can't be
  // used.
  absl::StatusOr<Connect> ToTargets(const PlacementConfig& config) const;
  // A child, at its Unix socket.
  std::shared_ptr<rpc::Endpoint> ToChild(const std::string& address) const;

  // grpc.health.v1: OK if the program at `address` is SERVING each of the contracts.
  async::Task<absl::Status> Probe(RequestContext context, std::string address,
                                  std::vector<const rpc::Contract*> contracts);

 private:
  grpc::ChannelOptions OptionsFor(const std::string& address) const;
  std::shared_ptr<rpc::Endpoint> ProbeChannel(const std::string& address);
  void Forget(const std::string& address);

  const size_t max_message_bytes_;
  async::Pool& pool_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<rpc::Endpoint>> probes_;  // kept while their program answers
};

}  // namespace starling::app

// How this program reaches others over gRPC, and asks whether they serve.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/app_config.h"
#include "core/async/pool.h"
#include "core/rpc/endpoint.h"

namespace starling::app {

// Thread-safe.
class Channels {
 public:
  // `max_message_bytes` bounds one message either way; `pool` unpacks large ones.
  Channels(size_t max_message_bytes, async::Pool& pool)
      : max_message_bytes_(max_message_bytes), pool_(pool) {}

  // A connection to one address, made when it is first called.
  std::shared_ptr<rpc::Endpoint> Connect(const std::string& address, const PlacementConfig& config) const;

  // grpc.health.v1: OK if the program at `address` is SERVING each of the contracts.
  async::Task<absl::Status> Probe(RequestContext context, std::string address,
                                  std::vector<const rpc::Contract*> contracts);

 private:
  std::shared_ptr<rpc::Endpoint> ProbeChannel(const std::string& address);
  void Forget(const std::string& address);

  const size_t max_message_bytes_;
  async::Pool& pool_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<rpc::Endpoint>> probes_;  // kept while their program answers
};

}  // namespace starling::app

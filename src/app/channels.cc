#include "app/channels.h"

#include <utility>

#include "base/status.h"
#include "core/grpc/channel.h"
#include "grpc/health/v1/health.starling.h"

namespace starling::app {

namespace health = ::grpc::health::v1;

std::shared_ptr<rpc::Endpoint> Channels::Connect(const std::string& address, const PlacementConfig&) const {
  grpc::ChannelOptions options;
  options.address = address;
  options.max_request_bytes = options.max_response_bytes = max_message_bytes_;
  options.pool = &pool_;
  return std::make_shared<grpc::Channel>(std::move(options));
}

std::shared_ptr<rpc::Endpoint> Channels::ProbeChannel(const std::string& address) {
  std::lock_guard lock(mutex_);
  auto& channel = probes_[address];
  if (channel == nullptr) channel = Connect(address, PlacementConfig());
  return channel;
}

void Channels::Forget(const std::string& address) {
  std::lock_guard lock(mutex_);
  probes_.erase(address);
}

async::Task<absl::Status> Channels::Probe(RequestContext context, std::string address,
                                          std::vector<const rpc::Contract*> contracts) {
  const auto channel = ProbeChannel(address);
  health::HealthStub stub(*channel);
  for (const rpc::Contract* contract : contracts) {
    health::HealthCheckRequest request;
    request.set_service(std::string(contract->service));
    auto response = co_await stub.Check(context, request);
    if (!response.ok()) {
      Forget(address);
      co_return response.status();
    }
    if (response->status() != health::HealthCheckResponse::SERVING) {
      co_return Unavailable(contract->service, " is not serving yet");
    }
  }
  co_return absl::OkStatus();
}

}  // namespace starling::app

#include "app/channels.h"

#include <utility>

#include "base/status.h"
#include "core/http/transport/tls.h"
#include "grpc/health/v1/health.starling.h"

namespace starling::app {

namespace health = ::grpc::health::v1;

grpc::ChannelOptions Channels::OptionsFor(const std::string& address) const {
  grpc::ChannelOptions options;
  options.address = address;
  options.max_request_bytes = options.max_response_bytes = max_message_bytes_;
  options.pool = &pool_;
  options.accept_gzip = false;  // between services, processor time is dearer than the network
  return options;
}

std::shared_ptr<rpc::Endpoint> Channels::ToChild(const std::string& address) const {
  return std::make_shared<grpc::Channel>(OptionsFor(address));
}

absl::StatusOr<Channels::Connect> Channels::ToTargets(const PlacementConfig& config) const {
  std::shared_ptr<const http::TlsContext> tls;
  if (!config.plaintext) {
    ASSIGN_OR_RETURN(tls, http::TlsContext::Client({.ca_file = config.tls.ca_file,
                                                    .certificate_file = config.tls.certificate_file,
                                                    .key_file = config.tls.key_file}));
  }
  return
      [this, tls, server_name = config.tls.server_name](const std::string& address, const std::string& host) {
        grpc::ChannelOptions options = OptionsFor(address);
        options.server_name = server_name.empty() ? host : server_name;
        if (address.rfind("unix:", 0) != 0) options.tls = tls;
        return std::make_shared<grpc::Channel>(std::move(options));
      };
}

std::shared_ptr<rpc::Endpoint> Channels::ProbeChannel(const std::string& address) {
  std::lock_guard lock(mutex_);
  auto& channel = probes_[address];
  if (channel == nullptr) channel = ToChild(address);
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

#include "app/server_client.h"

#include <chrono>

#include "base/status.h"
#include "core/grpc/channel.h"
#include "core/http/exchange.h"
#include "core/http/tls.h"

namespace starling::app {
namespace {

constexpr std::chrono::seconds kTimeout{30};

}  // namespace

absl::StatusOr<std::unique_ptr<ServerClient>> ServerClient::Open(const ServerAddress& server) {
  grpc::ChannelOptions options;
  options.address = server.address;
  if (!server.ca_file.empty()) {
    ASSIGN_OR_RETURN(options.tls, http::TlsContext::Client({.ca_file = server.ca_file}));
    options.server_name = server.address.substr(0, server.address.rfind(':'));
  }
  if (!server.api_key.empty()) {
    options.add_headers = [key = server.api_key](const rpc::Method&, http::Headers* headers) {
      headers->Add("x-api-key", key);
    };
  }
  std::unique_ptr<ServerClient> client(new ServerClient());
  client->channel_ = std::make_unique<grpc::Channel>(std::move(options));
  return client;
}

ServerClient::~ServerClient() = default;

RequestContext ServerClient::context() const {
  return RequestContext().WithDeadline(std::chrono::steady_clock::now() + kTimeout);
}

}  // namespace starling::app

#include "app/commands/server_client.h"

#include <chrono>

#include "base/status.h"
#include "core/grpc/channel.h"
#include "core/http/exchange.h"
#include "core/http/transport/tls.h"

namespace starling::app {
namespace {

constexpr std::chrono::seconds kTimeout{30};
constexpr size_t kMaxAnswerBytes = size_t{64} << 20;

}  // namespace

std::string WhyNoAnswer(const absl::Status& status, const ServerAddress& server) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return StrCat("no server answers at ", server.address, " (", Message(status),
                    "). Start one with `starling serve`, or say where it is with --server.");
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return StrCat("the server at ", server.address, " refuses: ", Message(status),
                    " Give a key with --api-key or STARLING_API_KEY, or ask its admin listener.");
    case absl::StatusCode::kUnimplemented:
      return StrCat("the server at ", server.address, " serves no models.");
    default:
      return std::string(Message(status));
  }
}

absl::StatusOr<std::unique_ptr<ServerClient>> ServerClient::Open(const ServerAddress& server) {
  grpc::ChannelOptions options;
  options.max_response_bytes = kMaxAnswerBytes;
  std::string_view address = server.address;
  const bool tls = address.starts_with("https://") || !server.ca_file.empty();
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (address.starts_with(scheme)) address.remove_prefix(scheme.size());
  }
  if (address.ends_with('/')) address.remove_suffix(1);
  if (address.find(':') == std::string_view::npos)
    return InvalidArgument("The address '", address, "' must be HOST:PORT or unix:PATH.");
  options.address = std::string(address);
  if (tls) {
    ASSIGN_OR_RETURN(options.tls, http::TlsContext::Client({.ca_file = server.ca_file}));
    options.server_name = std::string(address.substr(0, address.rfind(':')));
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

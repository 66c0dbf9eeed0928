#include "app/edge_access.h"

#include <utility>

#include "base/status.h"
#include "core/http/edge/caller.h"
#include "core/http/edge/edge_authenticator.h"
#include "core/http/routing/respond_error.h"
#include "core/http/transport/socket_address.h"

namespace starling::app {
namespace {

constexpr std::string_view kAdminScope = "admin";

class Operators final : public http::Authenticator {
 public:
  Operators(http::Authenticator& callers, bool trusts_everyone)
      : callers_(callers), trusts_everyone_(trusts_everyone) {}

  absl::StatusOr<Principal> Authenticate(const http::Request& request) override {
    ASSIGN_OR_RETURN(Principal caller, callers_.Authenticate(request));
    if (!trusts_everyone_ || caller.kind != Principal::Kind::kAnonymous) return caller;
    return Principal{Principal::Kind::kOperator, "operator", {std::string(kAdminScope)}};
  }

 private:
  http::Authenticator& callers_;
  const bool trusts_everyone_;
};

bool AsksWhoCalls(const ListenConfig& listen, const AuthConfig& auth) {
  return !auth.api_keys.empty() || listen.tls.require_client_certificate;
}

absl::StatusOr<bool> IsLoopback(const ListenConfig& listen) {
  if (listen.address.empty()) return true;
  ASSIGN_OR_RETURN(const auto address, http::SocketAddress::Parse(listen.address));
  return address.is_loopback();
}

}  // namespace

absl::StatusOr<std::unique_ptr<EdgeAccess>> EdgeAccess::Make(const ServerConfig& server,
                                                             const AuthConfig& auth) {
  auto access = std::make_unique<EdgeAccess>();
  for (const auto& [name, listen] :
       {std::pair<std::string_view, const ListenConfig&>{"server.http", server.http},
        {"server.grpc", server.grpc},
        {"server.admin", server.admin}}) {
    if (listen.address.empty()) continue;
    ASSIGN_OR_RETURN(
        std::string warning,
        http::CheckListenSecurity({.name = name,
                                   .address = listen.address,
                                   .tls = !listen.tls.certificate_file.empty(),
                                   .requires_client_certificate = listen.tls.require_client_certificate,
                                   .has_api_keys = !auth.api_keys.empty(),
                                   .insecure = server.insecure}));
    if (!warning.empty()) access->warnings_.push_back(std::move(warning));
  }
  http::EdgeAuthenticatorOptions options;
  options.service_certificates = auth.service_certificates;
  options.anonymous_scopes = auth.anonymous_scopes;
  options.api_keys.reserve(auth.api_keys.size());
  for (const ApiKeyConfig& key : auth.api_keys) options.api_keys.push_back({key.name, key.hash, key.scopes});
  ASSIGN_OR_RETURN(access->callers_, http::MakeEdgeAuthenticator(options));
  ASSIGN_OR_RETURN(const bool loopback, IsLoopback(server.admin));
  const bool trusts_everyone = loopback || (server.insecure && !AsksWhoCalls(server.admin, auth));
  access->operators_ = std::make_unique<Operators>(*access->callers_, trusts_everyone);
  return access;
}

async::Task<void> OperatorPage::Handle(http::Exchange& exchange) {
  static constexpr rpc::Method kForOperators{.access = rpc::Access::kScope, .scope = kAdminScope};
  const auto caller = http::Identify(exchange.request(), operators_);
  const absl::Status access = caller.ok() ? http::CheckAccess(kForOperators, *caller) : caller.status();
  if (access.ok()) co_return co_await page_.Handle(exchange);
  co_await http::RespondError(exchange, access, http::RequestIdOf(exchange.request()));
}

}  // namespace starling::app

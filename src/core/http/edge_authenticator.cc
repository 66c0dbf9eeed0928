#include "core/http/edge_authenticator.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/status.h"
#include "core/http/api_key.h"
#include "core/http/socket_address.h"

namespace starling::http {
namespace {

// The scheme's name is case-insensitive (RFC 9110, section 11.1).
std::optional<std::string_view> BearerToken(std::string_view header) {
  constexpr std::string_view kScheme = "bearer ";
  if (header.size() <= kScheme.size()) return std::nullopt;
  for (size_t i = 0; i < kScheme.size(); ++i) {
    const char c = header[i];
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (lower != kScheme[i]) return std::nullopt;
  }
  header.remove_prefix(kScheme.size());
  while (!header.empty() && header.front() == ' ') header.remove_prefix(1);
  return header;
}

std::optional<std::string_view> KeyOf(const Request& request) {
  if (const auto key = request.headers.Get("x-api-key")) return key;
  const auto authorization = request.headers.Get("authorization");
  return authorization.has_value() ? BearerToken(*authorization) : std::nullopt;
}

class EdgeAuthenticator final : public Authenticator {
 public:
  struct Key {
    ApiKeyHash hash;
    Principal principal;
  };
  EdgeAuthenticator(std::vector<Key> keys, std::set<std::string, std::less<>> services)
      : keys_(std::move(keys)), services_(std::move(services)) {}

  absl::StatusOr<Principal> Authenticate(const Request& request) override {
    static const Peer kNoPeer;
    const Peer& peer = request.peer != nullptr ? *request.peer : kNoPeer;
    if (!peer.certificate_name.empty() && services_.contains(peer.certificate_name)) {
      return Principal{Principal::Kind::kService, peer.certificate_name, {}};
    }
    if (!keys_.empty()) {
      if (const auto key = KeyOf(request)) return Find(*key);
    }
    if (!peer.certificate_name.empty()) {
      return Principal{Principal::Kind::kCertificate, peer.certificate_name, {}};
    }
    if (peer.unix_socket) return Principal{Principal::Kind::kService, "unix", {}};
    return Principal{};
  }

 private:
  absl::StatusOr<Principal> Find(std::string_view key) const {
    // Looks at all of them, so that the time says nothing of which one it was.
    const Key* found = nullptr;
    for (const Key& candidate : keys_) {
      if (candidate.hash.Matches(key)) found = &candidate;
    }
    if (found == nullptr) return Unauthenticated("This API key is not known here.");
    return found->principal;
  }

  const std::vector<Key> keys_;
  const std::set<std::string, std::less<>> services_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Authenticator>> MakeEdgeAuthenticator(
    const EdgeAuthenticatorOptions& options) {
  std::vector<EdgeAuthenticator::Key> keys;
  std::set<std::string_view> names;
  for (const ApiKeyEntry& entry : options.api_keys) {
    if (!names.insert(entry.name).second)
      return InvalidArgument("There are two API keys named '", entry.name, "'.");
    auto hash = ApiKeyHash::Parse(entry.hash);
    if (!hash.ok()) return InvalidArgument("API key '", entry.name, "': ", Message(hash.status()));
    keys.push_back({*std::move(hash), Principal{Principal::Kind::kApiKey, entry.name, entry.scopes}});
  }
  std::set<std::string, std::less<>> services(options.service_certificates.begin(),
                                              options.service_certificates.end());
  return std::unique_ptr<Authenticator>(
      std::make_unique<EdgeAuthenticator>(std::move(keys), std::move(services)));
}

absl::StatusOr<std::string> CheckListenSecurity(const ListenSecurity& listen) {
  ASSIGN_OR_RETURN(const SocketAddress address, SocketAddress::Parse(listen.address));
  if (address.is_loopback()) return std::string();
  const bool certificates = listen.tls && listen.requires_client_certificate;
  if (!certificates && !listen.has_api_keys) {
    if (!listen.insecure) {
      return FailedPrecondition(
          listen.name, " would listen on ", listen.address,
          ", beyond this machine, without asking who calls: add auth.api_keys, or require client "
          "certificates, or say server.insecure: true.");
    }
    return StrCat(listen.name, " listens on ", listen.address,
                  ", beyond this machine, and asks nobody who they are (server.insecure: true).");
  }
  if (!listen.tls) {
    return StrCat(listen.name, " listens on ", listen.address,
                  ", beyond this machine, without TLS: whoever sees the traffic sees the API keys.");
  }
  return std::string();
}

}  // namespace starling::http

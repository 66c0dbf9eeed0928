#include "core/http/edge/edge_authenticator.h"

#include <cstring>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/status.h"
#include "core/http/edge/api_key.h"
#include "core/http/transport/socket_address.h"

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

// A digest is as good as random, so any eight bytes of it spread well. Whoever could steer them would have to break SHA-256.
uint64_t PlaceOf(const ApiKeyDigest& digest) {
  uint64_t place;
  std::memcpy(&place, digest.data(), sizeof(place));
  return place;
}

class EdgeAuthenticator final : public Authenticator {
 public:
  struct Key {
    ApiKeyDigest digest;
    Principal principal;
  };
  using Keys = std::unordered_map<uint64_t, Key>;  // by PlaceOf

  EdgeAuthenticator(Keys keys, std::set<std::string, std::less<>> services,
                    std::vector<std::string> anonymous_scopes)
      : keys_(std::move(keys)),
        services_(std::move(services)),
        anonymous_{Principal::Kind::kAnonymous, "", std::move(anonymous_scopes)} {}

  absl::StatusOr<Principal> Authenticate(const Request& request) override {
    static const Peer no_peer;
    const Peer& peer = request.peer != nullptr ? *request.peer : no_peer;
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
    return anonymous_;
  }

 private:
  absl::StatusOr<Principal> Find(std::string_view key) const {
    const ApiKeyDigest digest = DigestOf(key);
    const auto found = keys_.find(PlaceOf(digest));
    if (found == keys_.end() || !SameDigest(found->second.digest, digest))
      return Unauthenticated("This API key is not known here.");
    return found->second.principal;
  }

  const Keys keys_;
  const std::set<std::string, std::less<>> services_;
  const Principal anonymous_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Authenticator>> MakeEdgeAuthenticator(
    const EdgeAuthenticatorOptions& options) {
  EdgeAuthenticator::Keys keys;
  std::set<std::string_view> names;
  keys.reserve(options.api_keys.size());
  for (const ApiKeyEntry& entry : options.api_keys) {
    if (!names.insert(entry.name).second)
      return InvalidArgument("There are two API keys named '", entry.name, "'.");
    const auto digest = ParseApiKeyHash(entry.hash);
    if (!digest.ok()) return InvalidArgument("API key '", entry.name, "': ", Message(digest.status()));
    const Principal principal{Principal::Kind::kApiKey, entry.name, entry.scopes};
    const auto [place, added] =
        keys.try_emplace(PlaceOf(*digest), EdgeAuthenticator::Key{*digest, principal});
    if (!added) {
      return InvalidArgument("The API keys '", place->second.principal.name, "' and '", entry.name,
                             "' are the same key.");
    }
  }
  std::set<std::string, std::less<>> services(options.service_certificates.begin(),
                                              options.service_certificates.end());
  return std::unique_ptr<Authenticator>(
      std::make_unique<EdgeAuthenticator>(std::move(keys), std::move(services), options.anonymous_scopes));
}

absl::StatusOr<std::string> CheckListenSecurity(const ListenSecurity& listen) {
  const auto address = SocketAddress::Parse(listen.address);
  if (!address.ok()) return InvalidArgument(listen.name, ": ", Message(address.status()));
  if (address->is_loopback()) return std::string();
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

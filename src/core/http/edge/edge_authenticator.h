// Who calls, at a listener that faces the outside: API keys, client certificates and peers of Unix sockets.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/http/edge/authenticator.h"

namespace starling::http {

struct ApiKeyEntry {
  std::string name;  // of the principal
  std::string hash;  // see api_key.h
  std::vector<std::string> scopes;
};

struct EdgeAuthenticatorOptions {
  // Sent as `Authorization: Bearer KEY` or `x-api-key: KEY`. With keys here a wrong one is refused; without any, such headers mean
  // nothing.
  std::vector<ApiKeyEntry> api_keys;
  // Names in verified client certificates that are other Starling services. Other certificates make a principal of
  // their name without scopes.
  std::vector<std::string> service_certificates;
  // What whoever comes without credentials may do.
  std::vector<std::string> anonymous_scopes;
};

// Asked in this order: a service's certificate, an API key, another certificate, the peer of a Unix socket (a service: it runs as
// the same user). Else anonymous. INVALID_ARGUMENT for a hash that is none and for a name or a key given twice, with the name.
absl::StatusOr<std::unique_ptr<Authenticator>> MakeEdgeAuthenticator(const EdgeAuthenticatorOptions& options);

// What a listener is about to be.
struct ListenSecurity {
  std::string_view name;     // as the configuration calls it, for the sentence: "server.http"
  std::string_view address;  // as ListenerOptions::address
  bool tls = false;
  bool requires_client_certificate = false;
  bool has_api_keys = false;
  bool insecure = false;  // the operator's word that it may listen beyond loopback without authentication
};

// FAILED_PRECONDITION, one sentence for the operator, for an address beyond loopback where nobody is asked who they are, unless
// `insecure`. Else a sentence to warn with at every start, empty if there is nothing to warn of.
absl::StatusOr<std::string> CheckListenSecurity(const ListenSecurity& listen);

}  // namespace starling::http

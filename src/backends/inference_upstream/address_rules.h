// Where the upstream of a model may be: a package is a file, and files must not choose whom this program calls.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/inference/runtime.h"

namespace starling::inference_remote {

// One address of the option `url`.
struct Upstream {
  std::string host;    // a name, or an IP address without brackets
  std::string target;  // "host:port", as run::Resolver takes it
  bool tls = false;
  bool rest = false;  // else gRPC
};

// "grpc://host:port", "http://host:port", or with TLS "grpcs://..." or "https://...", several with commas between, all of one kind.
// INVALID_ARGUMENT.
absl::StatusOr<std::vector<Upstream>> ParseUrls(const std::string& urls);

// Before a name is looked up: OK for this machine's own names and for what the operator allows; PERMISSION_DENIED with a
// sentence that names the setting.
absl::Status CheckUpstream(const Upstream& upstream, const inference::ModelPermissions& permissions);

// `address` ("1.2.3.4:80", "[::1]:80") is what `host` resolved to. PERMISSION_DENIED for what no upstream can be, whatever is allowed:
// link-local addresses and others where clouds keep their metadata and keys, multicast, unspecified ones; and for anything
// but loopback unless the host is allowed, or is an address.
absl::Status CheckAddress(const std::string& address, const std::string& host,
                          const inference::ModelPermissions& permissions);

}  // namespace starling::inference_remote

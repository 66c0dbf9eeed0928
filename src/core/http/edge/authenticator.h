#pragma once

#include "absl/status/statusor.h"
#include "core/context/request_context.h"
#include "core/http/exchange.h"

namespace starling::http {

// Says who sends a request, from what the connection proves (certificate, Unix socket) and the keys or tokens in its
// headers. Thread-safe, does not block.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // UNAUTHENTICATED for wrong credentials; an anonymous principal for none.
  virtual absl::StatusOr<Principal> Authenticate(const Request& request) = 0;
};

}  // namespace starling::http

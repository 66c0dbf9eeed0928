// Who is not served at all. Internal to core/http.
#pragma once

#include <memory>

#include "core/http/session.h"

namespace starling::http {

// Says 503 with Retry-After and closes, whatever the client asks.
std::shared_ptr<Session> MakeRefusal(Connection& connection);

// Whether the process at the other end of a Unix socket runs as our user or as root (SO_PEERCRED).
bool PeerMayUseUnixSocket(int fd);

}  // namespace starling::http

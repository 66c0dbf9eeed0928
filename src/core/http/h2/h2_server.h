// The server's side of an HTTP/2 connection.
#pragma once

#include <memory>

#include "core/http/exchange.h"
#include "core/http/h2/h2_options.h"
#include "core/http/session.h"

namespace starling::http {

// Each request becomes an Exchange, and `handler` a coroutine on the connection's loop, started as soon as the request's
// headers are there. `handler` outlives the session; `connection` until Closed() was called.
std::shared_ptr<Session> MakeH2ServerSession(Connection& connection, Handler& handler,
                                             const H2Options& options);

}  // namespace starling::http

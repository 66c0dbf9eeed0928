// The server's side of HTTP/1.0 and 1.1 (RFC 9112).
#pragma once

#include <memory>

#include "core/http/exchange.h"
#include "core/http/h1/h1_options.h"
#include "core/http/session.h"

namespace starling::http {

// One request at a time; pipelined ones wait their turn. `handler` runs as a coroutine on the connection's loop as soon
// as a request's headers are there, and outlives the session; `connection` lives until Closed() was called.
//
// Refused with a status and closed: messages with two lengths, with both Content-Length and Transfer-Encoding, a
// Transfer-Encoding other than chunked, folded headers, bare line feeds, spaces before a colon, zero bytes, no or two
// Host headers (HTTP/1.1): whatever two servers could read in two ways (request smuggling).
std::shared_ptr<Session> MakeHttp1ServerSession(Connection& connection, Handler& handler,
                                                const Http1Options& options);

}  // namespace starling::http

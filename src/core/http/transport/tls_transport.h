// TLS as a Transport. Internal to core/http.
#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "core/http/transport/transport.h"

namespace starling::http {

// Owns `ssl`, whose side and checks are set. `fd` as in MakePlainTransport.
std::unique_ptr<Transport> MakeTlsTransport(SSL* ssl, int fd);

}  // namespace starling::http

#pragma once

#include "app/app_config.h"
#include "core/http/listener.h"

namespace starling::app {

// What the configuration says of one listener. `metrics` outlives the listener.
http::ListenerOptions ListenerOptionsFor(const ListenConfig& listen, const ServerConfig& server,
                                         const http::EdgeMetrics& metrics, const http::BodyLimits& bodies);

}  // namespace starling::app

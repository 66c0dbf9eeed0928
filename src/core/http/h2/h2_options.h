#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/http/body_limits.h"
#include "core/http/edge/edge_metrics.h"
#include "core/http/stats.h"

namespace starling::http {

// Limits of one HTTP/2 connection (RFC 9113). What a hostile peer can make us hold is at most
// connection_window_bytes + buffered_input_bytes of input, and per stream one header list and max_output_bytes
// of output or one whole response.
struct H2Options {
  // Streams that the peer may have open; more are refused. Handlers that still run for streams that the peer has
  // reset count too, at most twice this number in all (rapid reset, CVE-2023-44487).
  uint32_t max_concurrent_streams = 128;
  uint32_t stream_window_bytes = 256 * 1024;
  uint32_t connection_window_bytes = 4 * 1024 * 1024;
  // Unread input over which the connection's window is no longer opened for all streams alike.
  size_t buffered_input_bytes = 4 * 1024 * 1024;
  // Names and values of one header list plus 32 per field (RFC 9113, section 6.5.2). More is answered 431; twice as
  // much ends the connection.
  uint32_t max_header_list_bytes = 16 * 1024;
  // Write() waits while a stream has this much output that the peer does not take.
  size_t max_output_bytes = 64 * 1024;
  // One request's body in all; past it Read() gives RESOURCE_EXHAUSTED. gRPC limits messages, not bodies.
  size_t max_body_bytes = 16 * 1024 * 1024;
  // A stream whose output makes no progress for so long is reset (window stalls).
  std::chrono::milliseconds stall_timeout{30000};
  // Longest wait for the next piece of a body, other than gRPC's. Zero: none.
  std::chrono::milliseconds body_timeout{30000};
  // A connection without any frame from the peer for so long is sent a PING; no answer within ping_timeout ends it.
  // Zero: none.
  std::chrono::milliseconds ping_interval{60000};
  std::chrono::milliseconds ping_timeout{20000};
  // Streams reset by either side, and frames that carry nothing (PING, SETTINGS, PRIORITY, empty DATA): a burst, and
  // how many per second thereafter. More ends the connection with ENHANCE_YOUR_CALM.
  uint32_t reset_burst = 1000, reset_rate = 100;
  uint32_t idle_frame_burst = 2000, idle_frame_rate = 200;
  Stats* stats = nullptr;                   // outlives the session; may be null
  const EdgeMetrics* metrics = nullptr;     // the same
  const BodyLimits* body_limits = nullptr;  // requests that may pass max_body_bytes; the same
};

}  // namespace starling::http

#pragma once

#include <chrono>
#include <cstddef>

#include "core/http/body_limits.h"
#include "core/http/edge/edge_metrics.h"
#include "core/http/stats.h"

namespace starling::http {

// Limits of one HTTP/1.1 connection.
struct Http1Options {
  size_t max_target_bytes = 8 * 1024;        // request target; longer: 414
  size_t max_header_bytes = 32 * 1024;       // names and values of all headers; more: 431
  size_t max_header_count = 100;             // more: 431
  size_t max_body_bytes = 16 * 1024 * 1024;  // more: 413, before reading where Content-Length says so
  // From the first byte of a request to the end of its headers: 408, then closed.
  std::chrono::milliseconds header_timeout{10000};
  // From when the handler begins to read the body to its end: 408, then closed.
  std::chrono::milliseconds body_timeout{30000};
  // A connection answers this many requests, then closes; so that long-lived clients find new replicas. 0: no limit.
  size_t max_requests = 0;
  // Received and not yet read by the handler; more pauses the connection.
  size_t buffered_body_bytes = 256 * 1024;
  // Write() waits while so much output is not yet taken by the peer.
  size_t buffered_output_bytes = 256 * 1024;
  Stats* stats = nullptr;                // outlives the session; may be null
  const EdgeMetrics* metrics = nullptr;  // the same
  // Requests that may pass max_body_bytes and body_timeout; outlives the session; may be null.
  const BodyLimits* body_limits = nullptr;
};

}  // namespace starling::http

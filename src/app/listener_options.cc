#include "app/listener_options.h"

namespace starling::app {

http::ListenerOptions ListenerOptionsFor(const ListenConfig& listen, const ServerConfig& server,
                                         const http::EdgeMetrics& metrics, const http::BodyLimits& bodies) {
  const LimitsConfig& limits = server.limits;
  http::ListenerOptions options;
  options.address = listen.address;
  options.max_connections = static_cast<size_t>(limits.max_connections);
  options.metrics = &metrics;
  options.http1.body_limits = options.h2.body_limits = &bodies;
  options.connection.handshake_timeout = limits.handshake_timeout;
  options.connection.idle_timeout = limits.idle_timeout;
  options.connection.write_timeout = limits.write_timeout;
  options.connection.half_close = server.half_close;
  options.http1.max_target_bytes = static_cast<size_t>(limits.max_target_bytes);
  options.http1.max_header_bytes = static_cast<size_t>(limits.max_header_bytes);
  options.http1.max_header_count = static_cast<size_t>(limits.max_headers);
  options.http1.max_body_bytes = static_cast<size_t>(limits.max_body_bytes);
  options.http1.header_timeout = limits.header_timeout;
  options.http1.body_timeout = limits.body_timeout;
  options.tls = !listen.tls.certificate_file.empty();
  options.tls_files = {listen.tls.certificate_file, listen.tls.key_file, listen.tls.client_ca_file,
                       listen.tls.require_client_certificate, true};
  options.h2.max_header_list_bytes = static_cast<uint32_t>(limits.max_header_bytes);
  options.h2.max_body_bytes = static_cast<size_t>(limits.max_body_bytes);
  options.h2.body_timeout = limits.body_timeout;
  options.h2.stall_timeout = limits.stall_timeout;
  options.h2.max_concurrent_streams = static_cast<uint32_t>(limits.max_streams);
  options.h2.reset_rate = static_cast<uint32_t>(limits.max_resets_per_second);
  options.h2.reset_burst = 10 * options.h2.reset_rate;
  return options;
}

}  // namespace starling::app

// The settings of the program itself: listeners, who may call, where services run.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/run/service.h"

namespace starling::app {

struct TlsConfig {
  std::string certificate_file;  // empty: no TLS
  std::string key_file;
  std::string client_ca_file;  // set: callers may prove themselves with a certificate
  bool require_client_certificate = false;
};

// Of connections that we make.
struct ClientTlsConfig {
  std::string ca_file;  // empty: the system's authorities
  std::string certificate_file;
  std::string key_file;
  std::string server_name;  // empty: the target's host
};

struct ListenConfig {
  std::string address;  // "127.0.0.1:8000"; empty: off
  TlsConfig tls;
};

struct LimitsConfig {
  int64_t max_connections = 10000;
  int64_t max_target_bytes = 8 * 1024;
  int64_t max_header_bytes = 32 * 1024;
  int64_t max_headers = 100;
  int64_t max_body_bytes = 8 * 1024 * 1024;
  int64_t max_json_depth = 64;
  int64_t max_concurrent_calls = 10000;
  bool adaptive_concurrency = true;
  int64_t max_streams = 128;
  int64_t max_resets_per_second = 100;
  std::chrono::milliseconds handshake_timeout{10000};
  std::chrono::milliseconds header_timeout{10000};
  std::chrono::milliseconds body_timeout{30000};
  std::chrono::milliseconds idle_timeout{120000};
  std::chrono::milliseconds write_timeout{30000};
  std::chrono::milliseconds stall_timeout{30000};
  std::chrono::milliseconds request_timeout{60000};
};

struct CorsConfig {
  std::vector<std::string> allowed_origins;  // empty: none; "*": any
};

struct ServerConfig {
  int64_t threads = 0;  // event loops; 0: one for each core
  bool insecure = false;
  bool half_close = false;
  int64_t compress_over_bytes = 8 * 1024;
  bool reflection = true;
  bool docs = true;
  std::chrono::milliseconds drain_timeout{15000};
  ListenConfig http{"127.0.0.1:8000", {}};
  ListenConfig grpc{"127.0.0.1:8001", {}};
  ListenConfig admin{"127.0.0.1:8002", {}};
  LimitsConfig limits;
  CorsConfig cors;
};

struct ApiKeyConfig {
  std::string name;
  std::string hash;
  std::vector<std::string> scopes;
};

struct AuthConfig {
  std::vector<ApiKeyConfig> api_keys;
  std::vector<std::string> service_certificates;  // names whose certificates are other Starling services
  std::vector<std::string> anonymous_scopes;
};

enum class PlacementMode { kDefault, kInline, kInlineChecked, kProcess, kRemote, kOff };

struct PlacementConfig {
  PlacementMode mode = PlacementMode::kDefault;
  // process
  std::vector<std::string> command;
  std::string working_directory;
  std::map<std::string, std::string> environment;
  int64_t replicas = 1;
  std::chrono::milliseconds start_timeout{30000};
  std::chrono::milliseconds stop_timeout{10000};
  std::chrono::milliseconds probe_interval{1000};
  // remote
  std::vector<std::string> targets;
  std::chrono::milliseconds resolve_interval{10000};
  ClientTlsConfig tls;
  bool plaintext = false;
  // both
  double retry_ratio = 0.1;
};

struct PlacementsConfig {
  std::map<std::string, PlacementConfig> services;  // by name; those that the configuration mentions
};

// Adds the sections `server`, `auth` and `placement`, the last with one entry for each service.
void DeclareSettings(config::Schema& schema, const std::vector<run::ServiceDefinition>& services);

}  // namespace starling::app

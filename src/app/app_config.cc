#include "app/app_config.h"

#include "base/status.h"
#include "core/config/declaration.h"
#include "core/config/schema.h"

namespace starling::app {
namespace {

using config::Declaration;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

void DeclareTls(Declaration<TlsConfig>& d) {
  d.String("certificate_file", &TlsConfig::certificate_file)
      .Text("PEM file with the certificate chain; empty: no TLS.");
  d.String("key_file", &TlsConfig::key_file).Text("PEM file with the private key.");
  d.String("client_ca_file", &TlsConfig::client_ca_file)
      .Text("PEM file with the authorities whose certificates the other side may show.");
  d.Bool("require_client_certificate", &TlsConfig::require_client_certificate)
      .Text("Refuse connections without a certificate of client_ca_file.");
}

void DeclareClientTls(Declaration<ClientTlsConfig>& d) {
  d.String("ca_file", &ClientTlsConfig::ca_file)
      .Text("PEM file with the authorities that sign the targets' certificates; empty: the system's.");
  d.String("certificate_file", &ClientTlsConfig::certificate_file)
      .Text("PEM file with the certificate chain that we show; empty: none.");
  d.String("key_file", &ClientTlsConfig::key_file).Text("PEM file with its private key.");
  d.String("server_name", &ClientTlsConfig::server_name)
      .Text("Name that the targets' certificates must carry; empty: the host of each target.");
}

void DeclareListen(Declaration<ListenConfig>& d) {
  d.String("address", &ListenConfig::address)
      .Text("host:port or unix:/path; port 0 picks a free one and prints it; empty: this listener is off.");
  d.Section("tls", &ListenConfig::tls, DeclareTls).Text("TLS of this listener.");
}

void DeclareLimits(Declaration<LimitsConfig>& d) {
  d.Int("max_connections", &LimitsConfig::max_connections)
      .Min(1)
      .Max(1000000)
      .Text("Open connections of one listener.");
  d.Size("max_target_bytes", &LimitsConfig::max_target_bytes)
      .Min(64)
      .Max(1 << 20)
      .Text("Path and query of a request; more is 414.");
  d.Size("max_header_bytes", &LimitsConfig::max_header_bytes)
      .Min(1024)
      .Max(1 << 20)
      .Text("All headers of a request together; more is 431.");
  d.Int("max_headers", &LimitsConfig::max_headers)
      .Min(10)
      .Max(10000)
      .Text("How many headers a request has over HTTP/1; more is 431.");
  d.Size("max_body_bytes", &LimitsConfig::max_body_bytes)
      .Min(1024)
      .Max(int64_t{1} << 32)
      .Text("Body of one request, or one message of a stream; more is 413.");
  d.Int("max_json_depth", &LimitsConfig::max_json_depth).Min(1).Max(1000).Text("Nesting of JSON.");
  d.Int("max_concurrent_calls", &LimitsConfig::max_concurrent_calls)
      .Min(1)
      .Max(10000000)
      .Text("Calls under way in one service; more are refused with 503.");
  d.Bool("adaptive_concurrency", &LimitsConfig::adaptive_concurrency)
      .Text("Watch how long calls of a method take, and refuse with 503 those that would only wait.");
  d.Int("max_streams", &LimitsConfig::max_streams)
      .Min(1)
      .Max(100000)
      .Text("Requests under way on one HTTP/2 connection; more are refused.");
  d.Int("max_resets_per_second", &LimitsConfig::max_resets_per_second)
      .Min(1)
      .Max(100000)
      .Text(
          "Requests that one HTTP/2 connection may begin and reset, ten times as many at once; more end it.");
  d.Duration("handshake_timeout", &LimitsConfig::handshake_timeout)
      .Min(milliseconds(10))
      .Max(hours(1))
      .Text("From the connection to the end of the TLS handshake, and to the first byte of a request.");
  d.Duration("header_timeout", &LimitsConfig::header_timeout)
      .Min(milliseconds(10))
      .Max(hours(1))
      .Text("From the first byte of a request to the end of its headers; later is 408.");
  d.Duration("body_timeout", &LimitsConfig::body_timeout)
      .Min(milliseconds(10))
      .Max(hours(24))
      .Text("From the end of the headers to the end of the body; later is 408.");
  d.Duration("idle_timeout", &LimitsConfig::idle_timeout)
      .Min(milliseconds(10))
      .Max(hours(24))
      .Text("A connection without a request is closed after this.");
  d.Duration("stall_timeout", &LimitsConfig::stall_timeout)
      .Min(milliseconds(10))
      .Max(hours(1))
      .Text("An HTTP/2 response of which the client takes nothing for so long is reset.");
  d.Duration("write_timeout", &LimitsConfig::write_timeout)
      .Min(milliseconds(10))
      .Max(hours(24))
      .Text("A client that takes nothing of its answer for so long is cut.");
  d.Duration("request_timeout", &LimitsConfig::request_timeout)
      .Min(milliseconds(1))
      .Max(hours(24))
      .Text("Longest deadline of a unary call; callers may ask for less.");
}

void DeclareCors(Declaration<CorsConfig>& d) {
  d.StringList("allowed_origins", &CorsConfig::allowed_origins)
      .Text("Origins whose pages may call this server from a browser; \"*\" is any; empty: none.");
}

void DeclareServer(Declaration<ServerConfig>& d) {
  d.Int("threads", &ServerConfig::threads).Min(0).Max(1024).Text("Event loops; 0 is one for each core.");
  d.Bool("insecure", &ServerConfig::insecure)
      .Text("Listen beyond loopback without asking who calls. Warns at every start.");
  d.Bool("reflection", &ServerConfig::reflection)
      .Text("Tell gRPC clients which services and messages there are (grpc.reflection).");
  d.Bool("docs", &ServerConfig::docs)
      .Text("The page /docs on the HTTP listener; /openapi.json is there without it too.");
  d.Bool("half_close", &ServerConfig::half_close)
      .Text(
          "Over HTTP/1, answer a client that has ended its side of the connection; otherwise that cancels "
          "its work.");
  d.Size("compress_over_bytes", &ServerConfig::compress_over_bytes)
      .Min(0)
      .Max(int64_t{1} << 32)
      .Text("Answers from this size on are packed with gzip for clients that ask for it; 0: never.");
  d.Duration("drain_timeout", &ServerConfig::drain_timeout)
      .Min(milliseconds(0))
      .Max(hours(1))
      .Text("How long requests under way may take after SIGTERM.");
  d.Section("http", &ServerConfig::http, DeclareListen)
      .Text("REST, JSON, event streams, /docs; gRPC works here too.");
  d.Section("grpc", &ServerConfig::grpc, DeclareListen).Text("gRPC.");
  d.Section("admin", &ServerConfig::admin, DeclareListen)
      .Text("Metrics, status, log tail. Keep it on loopback.");
  d.Section("limits", &ServerConfig::limits, DeclareLimits).Text("What one client may cost.");
  d.Section("cors", &ServerConfig::cors, DeclareCors).Text("Cross-origin requests of browsers.");
}

void DeclareApiKey(Declaration<ApiKeyConfig>& d) {
  d.String("name", &ApiKeyConfig::name).Required().Text("Who uses the key; appears in logs.");
  d.String("hash", &ApiKeyConfig::hash)
      .Required()
      .Text("What `starling make-api-key` printed; the key itself is kept nowhere.");
  d.StringList("scopes", &ApiKeyConfig::scopes)
      .Text("What the key may do besides calling methods for authenticated callers.");
}

void DeclareAuth(Declaration<AuthConfig>& d) {
  d.SectionList("api_keys", &AuthConfig::api_keys, DeclareApiKey)
      .Text("Keys, sent as `Authorization: Bearer` or `x-api-key`.");
  d.StringList("service_certificates", &AuthConfig::service_certificates)
      .Text("Names in client certificates that are other Starling services.");
  d.StringList("anonymous_scopes", &AuthConfig::anonymous_scopes)
      .Text(
          "What whoever comes to a listener without credentials may do, for example registry.write. Only "
          "where "
          "all who reach it are trusted.");
}

void DeclarePlacement(Declaration<PlacementConfig>& d) {
  d.Choice("mode", &PlacementConfig::mode,
           {{"default", PlacementMode::kDefault},
            {"inline", PlacementMode::kInline},
            {"inline-checked", PlacementMode::kInlineChecked},
            {"process", PlacementMode::kProcess},
            {"remote", PlacementMode::kRemote},
            {"off", PlacementMode::kOff}})
      .Text(
          "Where the service runs: in this process, in a supervised child, or somewhere else. inline-checked "
          "is inline "
          "that pays what a wire costs, for tests.");
  d.StringList("command", &PlacementConfig::command)
      .Text("process: program and arguments of the child; empty: the service's own, or this program.");
  d.String("working_directory", &PlacementConfig::working_directory)
      .Text("process: where the child runs; empty: here.");
  d.StringMap("environment", &PlacementConfig::environment)
      .Text("process: variables over the inherited ones.");
  d.Int("replicas", &PlacementConfig::replicas).Min(1).Max(256).Text("process: how many children.");
  d.Duration("start_timeout", &PlacementConfig::start_timeout)
      .Min(milliseconds(100))
      .Max(hours(1))
      .Text("process: a child that does not serve after this is started again.");
  d.Duration("stop_timeout", &PlacementConfig::stop_timeout)
      .Min(milliseconds(0))
      .Max(minutes(10))
      .Text("process: from SIGTERM to SIGKILL.");
  d.Duration("probe_interval", &PlacementConfig::probe_interval)
      .Min(milliseconds(10))
      .Max(minutes(10))
      .Text("process: between two health checks; three missed in a row end the child.");
  d.StringList("targets", &PlacementConfig::targets).Text("remote: addresses, host:port or unix:/path.");
  d.Duration("resolve_interval", &PlacementConfig::resolve_interval)
      .Min(milliseconds(100))
      .Max(hours(1))
      .Text("remote: how often names are looked up again.");
  d.Section("tls", &PlacementConfig::tls, DeclareClientTls).Text("remote: how targets are known.");
  d.Bool("plaintext", &PlacementConfig::plaintext).Text("remote: no TLS. On by itself for unix: targets.");
  d.Double("retry_ratio", &PlacementConfig::retry_ratio)
      .Min(0)
      .Max(1)
      .Text("process and remote: retries for each first attempt, at most.");
}

}  // namespace

void DeclareSettings(config::Schema& schema, const std::vector<run::ServiceDefinition>& services) {
  schema.Add("server", DeclareServer);
  schema.Add("auth", DeclareAuth);
  Declaration<PlacementsConfig> placement;
  for (const run::ServiceDefinition& service : services) {
    placement.Entry(service.name, &PlacementsConfig::services, DeclarePlacement).Text(service.summary);
  }
  schema.Add("placement", placement);
}

}  // namespace starling::app

#include "app/listener_metrics.h"

#include <atomic>
#include <utility>

namespace starling::app {
namespace {

using observe::MetricType;

constexpr char kListener[] = "starling.listener";

struct Counted {
  const char* name;
  const char* unit;
  const char* help;
  MetricType type;
  std::atomic<int64_t> http::Stats::* value;
};

constexpr Counted kCounted[] = {
    {"http.server.open_connections", "{connection}", "Connections that are open.", MetricType::kUpDownCounter,
     &http::Stats::connections_open},
    {"http.server.accepted_connections", "{connection}", "Connections taken.", MetricType::kCounter,
     &http::Stats::connections_accepted},
    {"http.server.refused_connections", "{connection}",
     "Connections refused: too many, or a Unix socket's peer of another user.", MetricType::kCounter,
     &http::Stats::connections_refused},
    {"http.server.tls_failures", "{connection}", "TLS handshakes that failed or took too long.",
     MetricType::kCounter, &http::Stats::tls_failures},
    {"http.server.protocol_errors", "{connection}", "Connections that ended because of what the peer sent.",
     MetricType::kCounter, &http::Stats::protocol_errors},
    {"http.server.received", "By", "Bytes read from connections.", MetricType::kCounter,
     &http::Stats::bytes_read},
    {"http.server.sent", "By", "Bytes written to connections.", MetricType::kCounter,
     &http::Stats::bytes_written},
};

}  // namespace

std::vector<observe::CallbackRegistration> ExportListener(observe::Registry& registry,
                                                          const std::string& name, const http::Stats& stats) {
  std::vector<observe::CallbackRegistration> registrations;
  for (const Counted& counted : kCounted) {
    auto read = [name, value = &(stats.*counted.value)](const observe::Report& report) {
      report({name}, static_cast<double>(value->load(std::memory_order_relaxed)));
    };
    registrations.push_back(registry.AddCallback(
        {.name = counted.name, .unit = counted.unit, .help = counted.help, .labels = {kListener}},
        counted.type, std::move(read)));
  }
  auto limits = [name, &stats](const observe::Report& report) {
    for (size_t i = 0; i < stats.http2_limits.size(); ++i) {
      report({name, http::kHttp2LimitNames[i]},
             static_cast<double>(stats.http2_limits[i].load(std::memory_order_relaxed)));
    }
  };
  registrations.push_back(registry.AddCallback({.name = "http.server.http2_limits",
                                                .unit = "{event}",
                                                .help = "HTTP/2 peers who were too much, by what they did.",
                                                .labels = {kListener, "starling.limit"}},
                                               MetricType::kCounter, std::move(limits)));
  return registrations;
}

}  // namespace starling::app

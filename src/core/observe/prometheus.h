// Metrics in the two text formats that Prometheus scrapes:
// https://prometheus.io/docs/instrumenting/exposition_formats/ (0.0.4) and OpenMetrics 1.0. Names become
// Prometheus' as https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/ says.
#pragma once

#include <string>
#include <string_view>

#include "core/observe/registry.h"

namespace starling::observe {

enum class Exposition { kPrometheusText, kOpenMetrics };

// The format that an Accept header asks for: OpenMetrics if it is accepted at least as gladly as text/plain.
Exposition NegotiateExposition(std::string_view accept);
std::string_view ContentType(Exposition format);

std::string Expose(const Registry& registry, Exposition format);

// "http.server.request.duration" in "s" is http_server_request_duration_seconds. A counter's final _total is
// not part of it.
std::string PrometheusName(const MetricInfo& info, MetricType type);

}  // namespace starling::observe

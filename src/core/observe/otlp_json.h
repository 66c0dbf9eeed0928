// The JSON encoding of OTLP 1.x: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. Ids are hexadecimal,
// 64-bit integers are strings, enums are numbers.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/observe/logger.h"
#include "core/observe/span.h"

namespace starling::observe {

// Attributes of the process: "service.name" and the like.
using Resource = std::vector<std::pair<std::string, std::string>>;

// Body of POST /v1/traces: ExportTraceServiceRequest.
std::string EncodeSpans(const Resource& resource, std::span<const std::unique_ptr<SpanRecord>> spans);

// Body of POST /v1/logs: ExportLogsServiceRequest.
std::string EncodeLogs(const Resource& resource, std::span<const LogLinePtr> lines);

}  // namespace starling::observe

#include "core/observe/otlp_json.h"

#include <charconv>
#include <cmath>
#include <variant>

#include "absl/strings/ascii.h"
#include "base/json_quote.h"
#include "base/strings.h"

namespace starling::observe {
namespace {

constexpr std::string_view kScope = R"("scope":{"name":"starling"})";

void AppendValue(std::string_view text, std::string* out) {
  *out += "{\"stringValue\":";
  AppendJsonString(text, out);
  *out += '}';
}
void AppendValue(const std::string& text, std::string* out) { AppendValue(std::string_view(text), out); }
void AppendValue(bool value, std::string* out) {
  StrAppend(out, "{\"boolValue\":", value ? "true" : "false", "}");
}
void AppendValue(int64_t value, std::string* out) { StrAppend(out, "{\"intValue\":\"", value, "\"}"); }
void AppendValue(double value, std::string* out) {
  if (std::isnan(value)) return StrAppend(out, R"({"doubleValue":"NaN"})");
  if (std::isinf(value)) return StrAppend(out, R"({"doubleValue":")", value > 0 ? "" : "-", R"(Infinity"})");
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  StrAppend(out, "{\"doubleValue\":", std::string_view(buffer, static_cast<size_t>(end - buffer)), "}");
}

template <typename Value>
void AppendAttribute(std::string_view key, const Value& value, bool& first, std::string* out) {
  *out += first ? "{\"key\":" : ",{\"key\":";
  first = false;
  AppendJsonString(key, out);
  *out += ",\"value\":";
  AppendValue(value, out);
  *out += '}';
}

template <typename Attributes>
void AppendVariants(const Attributes& attributes, bool& first, std::string* out) {
  for (const auto& [key, value] : attributes) {
    std::visit([&, &key = key](const auto& held) { AppendAttribute(key, held, first, out); }, value);
  }
}

void AppendResource(const Resource& resource, std::string* out) {
  *out += "\"resource\":{\"attributes\":[";
  bool first = true;
  for (const auto& [key, value] : resource) AppendAttribute(key, value, first, out);
  *out += "]}";
}

void AppendIds(const TraceContext& trace, std::string* out) {
  StrAppend(out, "\"traceId\":\"", trace.TraceIdHex(), "\",\"spanId\":\"", trace.SpanIdHex(), "\"");
}

void AppendSpan(const SpanRecord& span, std::string* out) {
  *out += '{';
  AppendIds(span.trace, out);
  if (span.parent_span_id != 0) {
    TraceContext parent;
    parent.span_id = span.parent_span_id;
    StrAppend(out, ",\"parentSpanId\":\"", parent.SpanIdHex(), "\"");
  }
  *out += ",\"name\":";
  AppendJsonString(span.name, out);
  StrAppend(out, ",\"kind\":", static_cast<int>(span.kind), ",\"startTimeUnixNano\":\"", span.start_unix_ns,
            "\",\"endTimeUnixNano\":\"", span.end_unix_ns, "\",\"attributes\":[");
  bool first = true;
  AppendVariants(span.attributes, first, out);
  StrAppend(out, "],\"droppedAttributesCount\":", span.dropped_attributes, ",\"status\":{");
  if (span.failed) {
    *out += "\"code\":2,\"message\":";
    AppendJsonString(span.status_message, out);
  }
  *out += "}}";
}

// OpenTelemetry's SeverityNumber.
int Severity(Level level) {
  switch (level) {
    case Level::kDebug:
      return 5;
    case Level::kInfo:
      return 9;
    case Level::kWarning:
      return 13;
    case Level::kError:
      return 17;
  }
  return 0;
}

std::string_view SeverityText(Level level) {
  constexpr std::string_view kTexts[] = {"DEBUG", "INFO", "WARN", "ERROR"};
  return kTexts[static_cast<size_t>(level)];
}

void AppendLog(const LogRecord& record, std::string* out) {
  StrAppend(out, "{\"timeUnixNano\":\"", record.time_unix_ns, "\",\"observedTimeUnixNano\":\"",
            record.time_unix_ns, "\",\"severityNumber\":", Severity(record.level), ",\"severityText\":\"",
            SeverityText(record.level), "\",\"body\":");
  AppendValue(record.message, out);
  *out += ",\"attributes\":[";
  bool first = true;
  if (!record.request_id.empty()) AppendAttribute("request_id", record.request_id, first, out);
  AppendVariants(record.fields, first, out);
  *out += ']';
  if (record.trace.valid()) {
    *out += ',';
    AppendIds(record.trace, out);
    StrAppend(out, ",\"flags\":", record.trace.sampled ? 1 : 0);
  }
  *out += '}';
}

}  // namespace

std::string EncodeSpans(const Resource& resource, std::span<const std::unique_ptr<SpanRecord>> spans) {
  std::string body = "{\"resourceSpans\":[{";
  AppendResource(resource, &body);
  StrAppend(&body, ",\"scopeSpans\":[{", kScope, ",\"spans\":[");
  for (size_t i = 0; i < spans.size(); ++i) {
    if (i != 0) body += ',';
    AppendSpan(*spans[i], &body);
  }
  body += "]}]}]}";
  return body;
}

std::string EncodeLogs(const Resource& resource, std::span<const LogLinePtr> lines) {
  std::string body = "{\"resourceLogs\":[{";
  AppendResource(resource, &body);
  StrAppend(&body, ",\"scopeLogs\":[{", kScope, ",\"logRecords\":[");
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i != 0) body += ',';
    AppendLog(lines[i]->record, &body);
  }
  body += "]}]}]}";
  return body;
}

}  // namespace starling::observe

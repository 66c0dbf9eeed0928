// W3C Trace Context (https://www.w3.org/TR/trace-context/, level 1): the identity of a trace across hops.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace starling {

struct TraceContext {
  std::array<uint8_t, 16> trace_id{};  // all zero: no trace
  uint64_t span_id = 0;                // zero: no parent span
  bool sampled = false;

  bool valid() const;
  std::string TraceIdHex() const;  // 32 lower-case digits
  std::string SpanIdHex() const;   // 16 lower-case digits

  // The value of a `traceparent` header, for example "00-4bf9...-00f0...-01".
  std::string ToTraceparent() const;
  // Section 3.2.2: nullopt for anything malformed, all-zero ids or version ff. Later versions are read as 00.
  static std::optional<TraceContext> FromTraceparent(std::string_view header);

  // A new trace with random ids. Any thread.
  static TraceContext NewRoot(bool sampled);
  // Same trace, new span id. Any thread.
  TraceContext NewChild() const;
};

// Random and never zero; from a generator per thread, good enough for ids, not for secrets.
uint64_t RandomId();

}  // namespace starling

#include "core/observe/tracer.h"

#include <cmath>

#include "core/observe/live_settings.h"

namespace starling::observe {

Span Tracer::StartRequest(const std::optional<TraceContext>& remote, std::string_view name,
                          SpanKind kind) const {
  if (remote) {
    TraceContext parent = *remote;
    if (!sampling_.follow_parent) parent.sampled = Sampled(parent);
    return Start(parent, name, kind);
  }
  TraceContext root = TraceContext::NewRoot(false);
  root.sampled = queue_ != nullptr && Sampled(root);
  return root.sampled ? Span(root, /*parent_span_id=*/0, name, kind, *queue_) : Span(root);
}

// The same decision for one trace in every process that has the same ratio: by the last 56 bits of the trace id, which
// are random (W3C Trace Context level 2, section 3.2.2.3; OpenTelemetry's TraceIdRatioBased).
bool Tracer::Sampled(const TraceContext& trace) const {
  uint64_t random = 0;
  for (size_t i = 9; i < 16; ++i) random = random << 8 | trace.trace_id[i];
  return static_cast<double>(random) < std::ldexp(LiveTraceRatio().value_or(sampling_.ratio), 56);
}

}  // namespace starling::observe

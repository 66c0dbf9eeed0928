// Decides which requests are traced and starts their spans.
#pragma once

#include <optional>
#include <string_view>

#include "core/context/trace_context.h"
#include "core/observe/span.h"

namespace starling::observe {

struct SamplingOptions {
  double ratio = 1.0;         // share of the traces begun here that are sampled
  bool follow_parent = true;  // a caller's traceparent decides; otherwise only `ratio` does
};

// Any thread.
class Tracer {
 public:
  // `queue` gets the ended spans and must outlive the tracer and its spans; without one nothing is recorded, and a
  // caller's decision is passed on as it came.
  explicit Tracer(SamplingOptions sampling = {}, SpanQueue* queue = nullptr)
      : sampling_(sampling), queue_(queue) {}

  // For a request that enters the process; `remote` is its traceparent. Without one a new trace begins, so that logs
  // have an id even if no span is recorded.
  Span StartRequest(const std::optional<TraceContext>& remote, std::string_view name, SpanKind kind) const;

  // For a step inside.
  Span Start(const TraceContext& parent, std::string_view name, SpanKind kind = SpanKind::kInternal) const {
    if (queue_ == nullptr || !parent.sampled) return Span(parent);
    return Span(parent.NewChild(), parent.span_id, name, kind, *queue_);
  }

  bool enabled() const { return queue_ != nullptr; }

 private:
  bool Sampled(const TraceContext& trace) const;

  const SamplingOptions sampling_;
  SpanQueue* const queue_;
};

}  // namespace starling::observe

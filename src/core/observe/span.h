// Spans: timed pieces of a trace. One that is not recorded costs a few nanoseconds; one that is takes no lock.
//
//   Span span = tracer.Start(ctx.trace(), "sentiment/AnalyzeSentiment", SpanKind::kServer);
//   span.Set("rpc.method", "AnalyzeSentiment");
//   ... = co_await next.Unary(span.Within(ctx), ...);
//   span.SetStatus(result.status());
//
// It ends when it is destroyed.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "core/context/request_context.h"

namespace starling::observe {

class SpanQueue;

// Numbers of the OTLP enum Span.SpanKind.
enum class SpanKind { kInternal = 1, kServer = 2, kClient = 3, kProducer = 4, kConsumer = 5 };

struct SpanRecord {
  using Value = std::variant<bool, int64_t, double, std::string>;
  std::string name;
  SpanKind kind = SpanKind::kInternal;
  TraceContext trace;           // of the span itself
  uint64_t parent_span_id = 0;  // zero: the first of its trace
  int64_t start_unix_ns = 0;
  int64_t end_unix_ns = 0;
  bool failed = false;
  std::string status_message;
  std::vector<std::pair<std::string_view, Value>> attributes;
  uint32_t dropped_attributes = 0;
  std::unique_ptr<SpanRecord> next;  // in a SpanQueue
};

// Of one thread at a time. Moving leaves a span that is not recorded.
class Span {
 public:
  static constexpr size_t kMaxAttributes = 32;

  Span() = default;  // not recorded, no trace
  // Not recorded; `trace` goes on to the calls below as it is.
  explicit Span(const TraceContext& trace) : trace_(trace) {}
  // Recorded from now on; `queue` must outlive it.
  Span(const TraceContext& trace, uint64_t parent_span_id, std::string_view name, SpanKind kind,
       SpanQueue& queue);
  Span(Span&& other) noexcept = default;
  Span& operator=(Span&& other) noexcept;
  ~Span() {
    if (record_ != nullptr) End();
  }

  bool recorded() const { return record_ != nullptr; }
  // The parent of what happens inside.
  const TraceContext& trace() const { return trace_; }
  // `context` for the calls inside this span.
  RequestContext Within(const RequestContext& context) const {
    return record_ != nullptr || trace_.trace_id != context.trace().trace_id ? context.WithTrace(trace_)
                                                                             : context;
  }

  // `key` is a literal: OpenTelemetry's attribute name. Never text of a user.
  void Set(std::string_view key, std::string_view value) {
    if (record_ != nullptr) Add(key, std::string(value));
  }
  void Set(std::string_view key, const char* value) { Set(key, std::string_view(value)); }
  void Set(std::string_view key, const std::string& value) { Set(key, std::string_view(value)); }
  void Set(std::string_view key, bool value) {
    if (record_ != nullptr) Add(key, value);
  }
  void Set(std::string_view key, std::integral auto value) {
    if (record_ != nullptr) Add(key, static_cast<int64_t>(value));
  }
  void Set(std::string_view key, double value) {
    if (record_ != nullptr) Add(key, value);
  }
  void SetName(std::string_view name) {
    if (record_ != nullptr) record_->name = std::string(name);
  }
  // An error marks the span as failed, with the code's name: the message may quote a user.
  void SetStatus(const absl::Status& status);

  // Hands the record over; later calls change nothing. Any thread.
  void End();

 private:
  void Add(std::string_view key, SpanRecord::Value value);

  TraceContext trace_;
  std::unique_ptr<SpanRecord> record_;
  SpanQueue* queue_ = nullptr;
  int64_t start_steady_ns_ = 0;
};

// Ended spans on their way to the exporter: any number of threads push without a lock, one takes.
class SpanQueue {
 public:
  explicit SpanQueue(size_t capacity) : capacity_(static_cast<int64_t>(capacity)) {}
  SpanQueue(const SpanQueue&) = delete;
  SpanQueue& operator=(const SpanQueue&) = delete;
  ~SpanQueue() { TakeAll(); }

  // A full queue drops the span and counts it.
  void Push(std::unique_ptr<SpanRecord> span);
  // In the order of their ends.
  std::vector<std::unique_ptr<SpanRecord>> TakeAll();

  size_t size() const { return static_cast<size_t>(size_.load(std::memory_order_relaxed)); }
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  const int64_t capacity_;
  std::atomic<SpanRecord*> head_{nullptr};
  std::atomic<int64_t> size_{0};
  std::atomic<uint64_t> dropped_{0};
};

}  // namespace starling::observe

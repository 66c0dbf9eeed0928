#include "core/observe/span.h"

#include <time.h>

#include <algorithm>

#include "base/status.h"

namespace starling::observe {
namespace {

int64_t Now(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

Span::Span(const TraceContext& trace, uint64_t parent_span_id, std::string_view name, SpanKind kind,
           SpanQueue& queue)
    : trace_(trace),
      record_(std::make_unique<SpanRecord>()),
      queue_(&queue),
      start_steady_ns_(Now(CLOCK_MONOTONIC)) {
  record_->name = std::string(name);
  record_->kind = kind;
  record_->trace = trace;
  record_->parent_span_id = parent_span_id;
  record_->start_unix_ns = Now(CLOCK_REALTIME);
}

Span& Span::operator=(Span&& other) noexcept {
  if (this == &other) return *this;
  if (record_ != nullptr) End();
  trace_ = other.trace_;
  record_ = std::move(other.record_);
  queue_ = other.queue_;
  start_steady_ns_ = other.start_steady_ns_;
  return *this;
}

void Span::SetStatus(const absl::Status& status) {
  if (record_ == nullptr || status.ok()) return;
  record_->failed = true;
  record_->status_message = std::string(CodeName(status.code()));
}

void Span::End() {
  if (record_ == nullptr) return;
  record_->end_unix_ns =
      record_->start_unix_ns + std::max<int64_t>(0, Now(CLOCK_MONOTONIC) - start_steady_ns_);
  queue_->Push(std::move(record_));
}

void Span::Add(std::string_view key, SpanRecord::Value value) {
  for (auto& [name, old] : record_->attributes) {
    if (name == key) return old = std::move(value), void();
  }
  if (record_->attributes.empty()) record_->attributes.reserve(8);
  if (record_->attributes.size() < kMaxAttributes) {
    record_->attributes.emplace_back(key, std::move(value));
  } else {
    ++record_->dropped_attributes;
  }
}

void SpanQueue::Push(std::unique_ptr<SpanRecord> span) {
  if (size_.fetch_add(1, std::memory_order_relaxed) >= capacity_) {
    size_.fetch_sub(1, std::memory_order_relaxed);
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  SpanRecord* added = span.release();
  SpanRecord* head = head_.load(std::memory_order_relaxed);
  do {
    // The link owns what was below; nobody else looks at it until the exchange succeeded.
    static_cast<void>(added->next.release());
    added->next.reset(head);
  } while (!head_.compare_exchange_weak(head, added, std::memory_order_release, std::memory_order_relaxed));
}

std::vector<std::unique_ptr<SpanRecord>> SpanQueue::TakeAll() {
  std::vector<std::unique_ptr<SpanRecord>> spans;
  std::unique_ptr<SpanRecord> head(head_.exchange(nullptr, std::memory_order_acquire));
  while (head != nullptr) {
    std::unique_ptr<SpanRecord> next = std::move(head->next);
    spans.push_back(std::move(head));
    head = std::move(next);
  }
  size_.fetch_sub(static_cast<int64_t>(spans.size()), std::memory_order_relaxed);
  std::reverse(spans.begin(), spans.end());
  return spans;
}

}  // namespace starling::observe

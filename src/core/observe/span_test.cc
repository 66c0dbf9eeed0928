#include "core/observe/span.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/status.h"
#include "core/observe/tracer.h"

namespace starling::observe {
namespace {

TEST(SpanTest, ARecordedSpanIsAChildOfItsParent) {
  SpanQueue queue(10);
  const Tracer tracer({}, &queue);
  const TraceContext parent = TraceContext::NewRoot(true);
  {
    Span span = tracer.Start(parent, "work", SpanKind::kClient);
    EXPECT_TRUE(span.recorded());
    span.Set("rpc.method", "Analyze");
    span.Set("count", 3);
    span.Set("count", 4);
    span.SetStatus(Unavailable("told by a user"));
    const RequestContext inside = span.Within(RequestContext());
    EXPECT_EQ(inside.trace().trace_id, parent.trace_id);
    EXPECT_EQ(inside.trace().span_id, span.trace().span_id);
    EXPECT_NE(inside.trace().span_id, parent.span_id);
  }
  const auto spans = queue.TakeAll();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0]->name, "work");
  EXPECT_EQ(spans[0]->parent_span_id, parent.span_id);
  EXPECT_LE(spans[0]->start_unix_ns, spans[0]->end_unix_ns);
  EXPECT_TRUE(spans[0]->failed);
  EXPECT_EQ(spans[0]->status_message, "UNAVAILABLE");
  ASSERT_EQ(spans[0]->attributes.size(), 2u);
  EXPECT_EQ(std::get<int64_t>(spans[0]->attributes[1].second), 4);
}

TEST(SpanTest, NothingIsRecordedWithoutASampledParentOrAQueue) {
  SpanQueue queue(10);
  const TraceContext unsampled = TraceContext::NewRoot(false);
  const TraceContext sampled = TraceContext::NewRoot(true);
  const Span quiet = Tracer({}, &queue).Start(unsampled, "work");
  EXPECT_FALSE(quiet.recorded());
  EXPECT_EQ(quiet.trace().span_id, unsampled.span_id);
  const Span off = Tracer().Start(sampled, "work");
  EXPECT_FALSE(off.recorded());
  EXPECT_TRUE(off.trace().sampled) << "the caller's decision goes on to the next process";
  EXPECT_TRUE(queue.TakeAll().empty());
}

TEST(SpanTest, BoundsItsAttributes) {
  SpanQueue queue(10);
  static const std::string keys = std::string(40, 'k');
  {
    Span span = Tracer({}, &queue).Start(TraceContext::NewRoot(true), "work");
    for (size_t i = 1; i <= 40; ++i) span.Set(std::string_view(keys).substr(0, i), true);
  }
  const auto spans = queue.TakeAll();
  EXPECT_EQ(spans[0]->attributes.size(), Span::kMaxAttributes);
  EXPECT_EQ(spans[0]->dropped_attributes, 8u);
}

TEST(SpanTest, MovingEndsWhatWasThere) {
  SpanQueue queue(10);
  const Tracer tracer({}, &queue);
  Span span = tracer.Start(TraceContext::NewRoot(true), "first");
  span = tracer.Start(TraceContext::NewRoot(true), "second");
  EXPECT_EQ(queue.size(), 1u);
  Span moved = std::move(span);
  moved.End();
  moved.End();
  EXPECT_EQ(queue.size(), 2u);
}

TEST(TracerTest, ANewTraceIsSampledByRatio) {
  SpanQueue queue(10);
  const Tracer tracer({.ratio = 0.25}, &queue);
  int sampled = 0;
  for (int i = 0; i < 4000; ++i) {
    Span span = tracer.StartRequest(std::nullopt, "request", SpanKind::kServer);
    EXPECT_TRUE(span.trace().valid());
    if (span.recorded()) ++sampled;
    EXPECT_EQ(span.recorded(), span.trace().sampled);
  }
  EXPECT_NEAR(sampled, 1000, 200);
}

TEST(TracerTest, ACallersDecisionIsFollowedUnlessToldOtherwise) {
  SpanQueue queue(10);
  const TraceContext yes = TraceContext::NewRoot(true), no = TraceContext::NewRoot(false);
  const Tracer follows({.ratio = 0}, &queue);
  EXPECT_TRUE(follows.StartRequest(yes, "request", SpanKind::kServer).recorded());
  EXPECT_FALSE(follows.StartRequest(no, "request", SpanKind::kServer).recorded());
  EXPECT_FALSE(follows.StartRequest(std::nullopt, "request", SpanKind::kServer).recorded());
  const Tracer decides({.ratio = 1, .follow_parent = false}, &queue);
  EXPECT_TRUE(decides.StartRequest(no, "request", SpanKind::kServer).recorded());
}

TEST(SpanQueueTest, ManyThreadsPushWhileOneTakes) {
  constexpr int kThreads = 4, kEach = 5000;
  SpanQueue queue(1000);
  const Tracer tracer({}, &queue);
  std::atomic<int> running = kThreads;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      const TraceContext parent = TraceContext::NewRoot(true);
      for (int n = 0; n < kEach; ++n) tracer.Start(parent, "work").End();
      running.fetch_sub(1);
    });
  }
  size_t taken = 0;
  while (running.load() > 0) taken += queue.TakeAll().size();
  threads.clear();
  taken += queue.TakeAll().size();
  EXPECT_EQ(taken + queue.dropped(), static_cast<size_t>(kThreads * kEach));
  EXPECT_EQ(queue.size(), 0u);
}

TEST(SpanQueueTest, AFullQueueDropsAndADeepOneIsFreedFlat) {
  SpanQueue queue(200'000);
  const Tracer tracer({}, &queue);
  const TraceContext parent = TraceContext::NewRoot(true);
  for (int i = 0; i < 200'010; ++i) tracer.Start(parent, "").End();
  EXPECT_EQ(queue.size(), 200'000u);
  EXPECT_EQ(queue.dropped(), 10u);
}

}  // namespace
}  // namespace starling::observe

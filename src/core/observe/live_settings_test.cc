#include "core/observe/live_settings.h"

#include <gtest/gtest.h>

#include "core/observe/span.h"
#include "core/observe/tracer.h"

namespace starling::observe {
namespace {

TEST(LiveSettingsTest, ALevelHoldsAtOnce) {
  EXPECT_FALSE(LogEnabled(Level::kDebug));
  SetLiveLogLevel(Level::kDebug);
  EXPECT_TRUE(LogEnabled(Level::kDebug));
  SetLiveLogLevel(Level::kError);
  EXPECT_FALSE(LogEnabled(Level::kWarning));
  SetLiveLogLevel(std::nullopt);
  EXPECT_TRUE(LogEnabled(Level::kInfo));
}

TEST(LiveSettingsTest, ARatioHoldsUntilItIsTakenBack) {
  SpanQueue spans(16);
  const Tracer tracer({.ratio = 1.0, .follow_parent = true}, &spans);
  const auto sampled = [&] {
    return tracer.StartRequest(std::nullopt, "r", SpanKind::kServer).trace().sampled;
  };
  EXPECT_TRUE(sampled());
  SetLiveTraceRatio(0.0);
  EXPECT_FALSE(sampled());
  SetLiveTraceRatio(std::nullopt);
  EXPECT_TRUE(sampled());
}

}  // namespace
}  // namespace starling::observe

#include "services/models/oip/server_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/observe/live_settings.h"

namespace starling::models::oip {
namespace {

using observe::Level;
using testing::ElementsAre;

TEST(ServerSettingsTest, TheLogLevelFollows) {
  ASSERT_TRUE(ChangeLogSettings({{"log_verbose_level", uint32_t{2}}}).ok());
  EXPECT_EQ(observe::CurrentLogLevel(), Level::kDebug);
  ASSERT_TRUE(ChangeLogSettings({{"log_info", false}, {"log_verbose_level", uint32_t{0}}}).ok());
  EXPECT_EQ(observe::CurrentLogLevel(), Level::kWarning);
  EXPECT_EQ(CurrentLogSettings().at("log_info"), LogValue(false));
  ASSERT_TRUE(ChangeLogSettings({{"log_info", true}}).ok());
  EXPECT_EQ(observe::CurrentLogLevel(), Level::kInfo);
}

TEST(ServerSettingsTest, WhatCannotBeIsRefusedAndChangesNothing) {
  for (const auto& changes : std::vector<LogSettings>{{{"log_error", false}},
                                                      {{"log_warning", false}},
                                                      {{"log_file", std::string("/tmp/x")}},
                                                      {{"log_info", std::string("yes")}},
                                                      {{"nothing", true}}}) {
    EXPECT_EQ(ChangeLogSettings(changes).status().code(), absl::StatusCode::kInvalidArgument)
        << changes.begin()->first;
    EXPECT_EQ(observe::CurrentLogLevel(), Level::kInfo);
  }
  for (const auto& changes : std::vector<TraceSettings>{{{"trace_level", {"TENSORS"}}},
                                                        {{"trace_rate", {"x"}}},
                                                        {{"trace_count", {"5"}}},
                                                        {{"nothing", {"1"}}}}) {
    EXPECT_EQ(ChangeTraceSettings(changes).status().code(), absl::StatusCode::kInvalidArgument)
        << changes.begin()->first;
    EXPECT_FALSE(observe::LiveTraceRatio().has_value());
  }
}

TEST(ServerSettingsTest, TheTraceRatioFollows) {
  ASSERT_TRUE(ChangeTraceSettings({{"trace_rate", {"100"}}}).ok());
  EXPECT_EQ(observe::LiveTraceRatio(), 0.01);
  EXPECT_THAT(CurrentTraceSettings().at("trace_rate"), ElementsAre("100"));
  ASSERT_TRUE(ChangeTraceSettings({{"trace_level", {"OFF"}}}).ok());
  EXPECT_EQ(observe::LiveTraceRatio(), 0.0);
  ASSERT_TRUE(ChangeTraceSettings({{"trace_level", {"TIMESTAMPS"}}}).ok());
  EXPECT_EQ(observe::LiveTraceRatio(), 1.0);
  ASSERT_TRUE(ChangeTraceSettings({{"trace_rate", {}}}).ok());
  EXPECT_FALSE(observe::LiveTraceRatio().has_value());
}

}  // namespace
}  // namespace starling::models::oip

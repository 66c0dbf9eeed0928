#include "core/observe/process_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>

#include "core/observe/prometheus.h"

namespace starling::observe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ProcessMetricsTest, ReadsThisProcess) {
  const auto usage = ReadProcessUsage(getpid());
  ASSERT_TRUE(usage.has_value());
  EXPECT_GT(usage->resident_bytes, 100e3);
  EXPECT_GE(usage->virtual_bytes, usage->resident_bytes);
  EXPECT_GE(usage->threads, 1);
  EXPECT_GE(usage->open_files, 3);
  EXPECT_NEAR(usage->start_unix_seconds, static_cast<double>(time(nullptr)), 600);
  EXPECT_EQ(ReadProcessUsage(-1), std::nullopt);
}

TEST(ProcessMetricsTest, ReportsChildrenWhileTheyLive) {
  Registry registry;
  ProcessMetrics metrics(registry);
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  metrics.AddChild("spam", child);
  EXPECT_THAT(Expose(registry, Exposition::kPrometheusText),
              AllOf(HasSubstr("process_memory_usage_bytes{process=\"main\"} "),
                    HasSubstr("process_thread_count{process=\"spam\"} "),
                    HasSubstr("process_cpu_time_seconds_total{process=\"spam\",cpu_mode=\"user\"} ")));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  metrics.RemoveChild("spam", child);
  EXPECT_THAT(Expose(registry, Exposition::kPrometheusText),
              AllOf(Not(HasSubstr("process_thread_count{process=\"spam\"}")),
                    HasSubstr("process_cpu_time_seconds_total{process=\"spam\",cpu_mode=\"user\"} ")));
}

}  // namespace
}  // namespace starling::observe

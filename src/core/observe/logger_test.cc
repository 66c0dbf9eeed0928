#include "core/observe/logger.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <latch>

#include "core/observe/log_format.h"

namespace starling::observe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;  // NOLINT(build/namespaces)

constexpr auto kPatience = 10s;

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe(fds_), 0); }
  ~Pipe() {
    close(fds_[0]);
    close(fds_[1]);
  }
  int write_end() const { return fds_[1]; }
  std::string Read() {
    fcntl(fds_[0], F_SETFL, O_NONBLOCK);
    std::string text;
    char buffer[65536];
    for (ssize_t got; (got = read(fds_[0], buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<size_t>(got));
    return text;
  }

 private:
  int fds_[2];
};

LogRecord Record(std::string message) {
  LogRecord record;
  record.time_unix_ns = 1767323045123456789;
  record.message = std::move(message);
  return record;
}

TEST(LogFormatTest, WritesOneLineOfJson) {
  LogRecord record = Record("child \"is\" down");
  record.level = Level::kWarning;
  EXPECT_EQ(JsonLine(record, "starling"), R"({"ts":"2026-01-02T03:04:05.123456789Z","level":"warning",)"
                                          R"("service":"starling","message":"child \"is\" down"})"
                                          "\n");
  record.trace = *TraceContext::FromTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  record.request_id = "r-1";
  record.fields = {{"code", int64_t{7}}, {"share", 0.5}, {"on", true}, {"name", std::string("a\nb")}};
  EXPECT_THAT(JsonLine(record, "starling"),
              HasSubstr(R"(,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7",)"
                        R"("request_id":"r-1","fields":{"code":7,"share":0.5,"on":true,"name":"a\nb"}})"));
  EXPECT_EQ(HumanLine(record, false),
            "2026-01-02 03:04:05.123 WARN  child \"is\" down code=7 share=0.5 on=true name=\"a\\nb\" "
            "request_id=r-1 "
            "trace_id=4bf92f3577b34da6a3ce929d0e0e4736\n");
}

TEST(LoggerTest, WritesLinesInOrderAndKeepsTheLast) {
  Pipe pipe;
  Logger logger({.fd = pipe.write_end(), .recent_lines = 2});
  for (const char* message : {"one", "two", "three"}) logger.Write(Record(message));
  ASSERT_TRUE(logger.Flush(kPatience));
  const std::string text = pipe.Read();
  EXPECT_LT(text.find("one"), text.find("two"));
  EXPECT_LT(text.find("two"), text.find("three"));
  const std::vector<LogLinePtr> recent = logger.Recent(10);
  ASSERT_EQ(recent.size(), 2u);
  EXPECT_EQ(recent[0]->record.message, "two");
  EXPECT_EQ(logger.dropped(), 0u);
}

TEST(LoggerTest, AStuckReaderDropsLinesAndBlocksNobody) {
  Pipe pipe;
  Logger logger({.fd = pipe.write_end(), .unwritten_bytes = 4096});
  const std::string big(2000, 'x');
  for (int i = 0; i < 100; ++i) logger.Write(Record(big));
  EXPECT_FALSE(logger.Flush(20ms));
  // Subscribers are served although nobody reads.
  std::latch seen(1);
  const LogSubscription subscription = logger.Subscribe([&](const LogLinePtr& line) {
    if (line->record.message == "last") seen.count_down();
  });
  logger.Write(Record("last"));
  seen.wait();
  EXPECT_GT(logger.dropped(), 0u);
  // Once somebody reads, what was kept comes out.
  std::string text = pipe.Read();
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!logger.Flush(1ms) && std::chrono::steady_clock::now() < deadline) text += pipe.Read();
  text += pipe.Read();
  EXPECT_TRUE(text.ends_with("\n"));
}

TEST(LoggerTest, AFullQueueDropsAndCounts) {
  Pipe pipe;
  Logger logger({.fd = pipe.write_end(), .queue_lines = 1});
  std::latch inside(1), go_on(1);
  bool first = true;
  const LogSubscription subscription = logger.Subscribe([&](const LogLinePtr&) {
    if (!std::exchange(first, false)) return;
    inside.count_down();
    go_on.wait();
  });
  logger.Write(Record("held"));
  inside.wait();
  for (int i = 0; i < 3; ++i) logger.Write(Record("more"));
  EXPECT_EQ(logger.dropped(), 2u);
  go_on.count_down();
  EXPECT_TRUE(logger.Flush(kPatience));
}

TEST(LoggerTest, ASubscriberGetsRecentLinesThenNewOnes) {
  Pipe pipe;
  Logger logger({.fd = pipe.write_end()});
  logger.Write(Record("old"));
  ASSERT_TRUE(logger.Flush(kPatience));
  std::vector<std::string> seen;
  {
    const LogSubscription subscription =
        logger.Subscribe([&](const LogLinePtr& line) { seen.push_back(line->record.message); }, 10);
    logger.Write(Record("new"));
    ASSERT_TRUE(logger.Flush(kPatience));
  }
  logger.Write(Record("unheard"));
  ASSERT_TRUE(logger.Flush(kPatience));
  EXPECT_THAT(seen, ElementsAre("old", "new"));
}

TEST(LoggerTest, AClosedReaderIsNoReasonToWait) {
  int fds[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  Logger logger({.fd = fds[0]});
  close(fds[1]);
  logger.Write(Record("unheard"));
  EXPECT_TRUE(logger.Flush(kPatience));
  close(fds[0]);
}

TEST(LogTest, GoesToTheProcessLoggerFromItsLevelOn) {
  Pipe pipe;
  Logger logger({.level = Level::kWarning, .fd = pipe.write_end()});
  const ProcessLogger installed(logger);
  RequestOrigin origin;
  origin.request_id = "r-9";
  const RequestContext context(std::make_shared<RequestOrigin>(origin), kNoDeadline, {},
                               TraceContext::NewRoot(true));
  LogInfo("quiet");
  LogWarning(context, "loud", {{"port", uint16_t{80}}, {"name", std::string("a")}, {"text", "literal"}});
  ASSERT_TRUE(logger.Flush(kPatience));
  const std::vector<LogLinePtr> lines = logger.Recent(10);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]->record.request_id, "r-9");
  EXPECT_EQ(lines[0]->record.trace.trace_id, context.trace().trace_id);
  EXPECT_THAT(lines[0]->json, HasSubstr(R"("fields":{"port":80,"name":"a","text":"literal"})"));
}

TEST(LogLimiterTest, LetsOneThroughPerPeriodAndCountsTheRest) {
  LogLimiter limiter(1000ms);
  const MonotonicTime start = std::chrono::steady_clock::now();
  EXPECT_EQ(limiter.Allow(start), 0u);
  EXPECT_EQ(limiter.Allow(start + 1ms), std::nullopt);
  EXPECT_EQ(limiter.Allow(start + 999ms), std::nullopt);
  EXPECT_EQ(limiter.Allow(start + 1000ms), 2u);
}

}  // namespace
}  // namespace starling::observe

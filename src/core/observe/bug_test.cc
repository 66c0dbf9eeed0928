#include "core/observe/bug.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>
#include <vector>

#include "core/observe/logger.h"

namespace starling::observe {

// Not inlined, and found in the stack by its name.
__attribute__((noinline)) void HandlerWithABug() { throw std::runtime_error("broken"); }
__attribute__((noinline)) int HandlerThatAsksTooMuch(const std::vector<int>& values) {
  return values.at(7) + 1;
}
__attribute__((noinline)) void HandlerThatCrashes() {
  raise(SIGABRT);
  __asm__ volatile("");  // no tail call
}

namespace {

using ::testing::HasSubstr;

template <typename Function>
std::exception_ptr Caught(const Function& function) {
  try {
    function();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

TEST(BugTest, IsLoggedOnceWithWhereItWasThrown) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  Logger logger({.fd = fds[1]});
  const ProcessLogger installed(logger);
  const RequestContext context(std::make_shared<RequestOrigin>(RequestOrigin{.request_id = "r-5"}),
                               kNoDeadline, {}, TraceContext::NewRoot(false));
  ReportBug(context, "sentiment/Analyze", Caught(HandlerWithABug));
  ASSERT_TRUE(logger.Flush(std::chrono::seconds(10)));
  const auto lines = logger.Recent(10);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0]->json, HasSubstr(R"("level":"error")"));
  EXPECT_THAT(lines[0]->json, HasSubstr(R"("request_id":"r-5")"));
  EXPECT_THAT(lines[0]->json, HasSubstr(context.trace().TraceIdHex()));
  EXPECT_THAT(lines[0]->json,
              HasSubstr(R"("where":"sentiment/Analyze","exception":"std::runtime_error","what":"broken")"));
  EXPECT_THAT(lines[0]->json, HasSubstr("HandlerWithABug"));
  close(fds[0]);
  close(fds[1]);
}

TEST(BugTest, KnowsWhereTheStandardLibraryThrew) {
  EXPECT_THAT(StackOf(Caught([] { HandlerThatAsksTooMuch({}); })), HasSubstr("HandlerThatAsksTooMuch"));
}

TEST(BugTest, AnExceptionOfAnotherThreadGivesThePresentStack) {
  std::exception_ptr exception;
  std::thread([&] { exception = Caught(HandlerWithABug); }).join();
  EXPECT_THAT(StackOf(exception), HasSubstr("AnExceptionOfAnotherThread"));
}

TEST(BugDeathTest, AnExceptionThatNobodyCatchesIsReported) {
  EXPECT_DEATH(
      {
        InstallCrashReports("test");
        std::thread(HandlerWithABug).join();
      },
      "a bug ended a call.*HandlerWithABug");
}

TEST(BugDeathTest, ACrashPrintsItsStack) {
  EXPECT_DEATH(
      {
        InstallCrashReports("test");
        HandlerThatCrashes();
      },
      "crashed with ABRT, in:[^$]*HandlerThatCrashes");
}

}  // namespace
}  // namespace starling::observe

#include "core/context/cancel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

namespace starling {
namespace {

TEST(CancelTest, TokenReportsTheFirstReason) {
  CancelSource source;
  CancelToken token = source.token();
  EXPECT_TRUE(token.status().ok());
  source.Cancel(absl::DeadlineExceededError("late"));
  source.Cancel(absl::CancelledError("second"));
  EXPECT_TRUE(token.cancelled());
  EXPECT_EQ(token.status(), absl::DeadlineExceededError("late"));
}

TEST(CancelTest, CallbacksRunOnceAndUnregister) {
  CancelSource source;
  int runs = 0;
  auto kept = source.token().OnCancel([&](const absl::Status&) { ++runs; });
  {
    auto dropped = source.token().OnCancel([&](const absl::Status&) { runs += 100; });
  }
  source.Cancel();
  source.Cancel();
  EXPECT_EQ(runs, 1);
  auto late = source.token().OnCancel([&](const absl::Status&) { runs += 10; });
  EXPECT_EQ(runs, 11);
}

TEST(CancelTest, ParentCancelsChildButNotTheReverse) {
  CancelSource parent;
  CancelSource child(parent.token());
  CancelSource sibling(parent.token());
  child.Cancel();
  EXPECT_FALSE(parent.token().cancelled());
  EXPECT_FALSE(sibling.token().cancelled());
  parent.Cancel(absl::DeadlineExceededError("late"));
  EXPECT_EQ(sibling.token().status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(CancelTest, CallbackMayDestroyItsOwnRegistration) {
  CancelSource source;
  std::optional<CancelRegistration> registration;
  bool ran = false;
  registration = source.token().OnCancel([&](const absl::Status&) {
    registration.reset();
    ran = true;
  });
  source.Cancel();
  EXPECT_TRUE(ran);
}

TEST(CancelTest, UnregisteringRacesWithCancelSafely) {
  for (int round = 0; round < 200; ++round) {
    CancelSource source;
    std::atomic<int> alive{1};
    auto registration =
        std::make_optional(source.token().OnCancel([&](const absl::Status&) { EXPECT_EQ(alive.load(), 1); }));
    std::thread canceller([&] { source.Cancel(); });
    registration.reset();
    alive = 0;  // from here on the callback must not run
    canceller.join();
  }
}

}  // namespace
}  // namespace starling

#include "core/inference/batching/row_queue.h"

#include <gtest/gtest.h>

#include <chrono>

namespace starling::inference {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::shared_ptr<RowJob> Job(size_t level, size_t rows = 1) {
  async::Completion<absl::Status> answer;
  auto job = MakeRowJob(std::vector<Row>(rows), std::vector<size_t>(rows, 1), answer.completer());
  job->level = level;
  return job;
}

class RowQueueTest : public testing::Test {
 public:
  std::shared_ptr<RowJob> Push(size_t level, size_t rows = 1) {
    auto job = Job(level, rows);
    queue.Push(job);
    return job;
  }
  // The request whose turn it is; takes `rows` rows, of which it has the first.
  std::shared_ptr<RowJob> TakeNext(size_t rows = 1) {
    const auto next = queue.Next(rows, rows, steady_clock::now(), &expired);
    if (next.empty()) return nullptr;
    queue.Take(next.front().job, next);
    for (const QueuedRow& row : next) row.job->taken_at = steady_clock::now();
    return next.front().job;
  }

  RowQueue queue{3};
  std::vector<std::shared_ptr<RowJob>> expired;
};

TEST_F(RowQueueTest, AHigherLevelIsNextAndALowerOneFillsUp) {
  const auto low = Push(2);
  const auto middle = Push(1);
  const auto high = Push(0);
  const auto next = queue.Next(2, 2, steady_clock::now(), &expired);
  ASSERT_EQ(next.size(), 2u);
  EXPECT_EQ(next[0].job, high);
  EXPECT_EQ(next[1].job, middle);
  EXPECT_EQ(TakeNext(), high);
  EXPECT_EQ(TakeNext(), middle);
  EXPECT_EQ(TakeNext(), low);
  EXPECT_TRUE(queue.empty());
}

TEST_F(RowQueueTest, ALowerLevelIsPassedABoundedNumberOfTimes) {
  const auto low = Push(2);
  const auto high = Push(0, 100);
  for (size_t i = 0; i < RowQueue::kMostPassed; ++i) EXPECT_EQ(TakeNext(), high) << i;
  EXPECT_EQ(TakeNext(), low);
  EXPECT_EQ(TakeNext(), high);
  // Who comes to an empty level was passed by nobody yet.
  const auto later = Push(2);
  for (size_t i = 0; i < RowQueue::kMostPassed; ++i) EXPECT_EQ(TakeNext(), high) << i;
  EXPECT_EQ(TakeNext(), later);
}

TEST_F(RowQueueTest, RowsOfALevelAreCountedApart) {
  const auto low = Push(2, 4);
  Push(0, 3);
  EXPECT_EQ(queue.waiting(), 7u);
  EXPECT_EQ(queue.waiting(0), 3u);
  EXPECT_EQ(queue.waiting(2), 4u);
  TakeNext(5);
  EXPECT_EQ(queue.waiting(0), 0u);
  EXPECT_EQ(queue.waiting(2), 2u);
  EXPECT_TRUE(queue.Remove(*low));
  EXPECT_FALSE(queue.Remove(*low));
  EXPECT_EQ(queue.waiting(2), 0u);
  EXPECT_EQ(queue.waiting_elements(), 0u);
}

TEST_F(RowQueueTest, WhoWaitedTooLongShowsNothingUnlessItHasBegun) {
  const auto now = steady_clock::now();
  const auto begun = Job(0, 2);
  const auto waited = Job(0);
  for (const auto& job : {begun, waited}) {
    job->give_up_at = now + milliseconds(1);
    queue.Push(job);
  }
  begun->taken_at = now;
  const auto next = queue.Next(8, 8, now + milliseconds(1), &expired);
  ASSERT_EQ(next.size(), 2u);
  EXPECT_EQ(next[0].job, begun);
  ASSERT_EQ(expired.size(), 1u);
  EXPECT_EQ(expired[0], waited);
}

TEST_F(RowQueueTest, TheEarliestDueIsThatOfWhomADelayWouldEnd) {
  const auto now = steady_clock::now();
  const auto patient = Job(0);
  const auto hurried = Job(2);
  patient->queued_at = now;
  hurried->queued_at = now + milliseconds(2);
  queue.Push(patient);
  queue.Push(hurried);
  EXPECT_EQ(queue.DueAt(milliseconds(5)), now + milliseconds(5));
  hurried->give_up_at = now + milliseconds(6);
  EXPECT_EQ(queue.DueAt(milliseconds(5)), now + milliseconds(2));
}

TEST_F(RowQueueTest, AllOfAllLevelsAreTaken) {
  Push(0);
  Push(2, 3);
  EXPECT_EQ(queue.TakeAll().size(), 2u);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(TakeNext(), nullptr);
}

}  // namespace
}  // namespace starling::inference

#include "core/async/stream.h"

#include <gtest/gtest.h>

#include "core/async/sleep.h"
#include "core/async/spawn.h"

namespace starling::async {
namespace {

Stream<int> Count(int from, int to, absl::Status end, int* produced = nullptr) {
  for (int i = from; i < to; ++i) {
    if (produced != nullptr) ++*produced;
    co_yield i;
    if (i % 1000 == 0) (void)co_await Sleep(std::chrono::nanoseconds(1));
  }
  co_return end;
}

Task<int> Sum(Stream<int> stream, absl::Status* end) {
  int sum = 0;
  while (true) {
    auto item = co_await stream.Next();
    if (!item.ok()) {
      *end = item.status();
      co_return sum;
    }
    if (!item->has_value()) co_return sum;
    sum += **item;
  }
}

TEST(StreamTest, YieldsEveryItemThenTheEnd) {
  absl::Status end;
  EXPECT_EQ(BlockOn(Sum(Count(0, 10001, absl::OkStatus()), &end)), 50005000);
  EXPECT_TRUE(end.ok());
}

TEST(StreamTest, EndsWithItsError) {
  absl::Status end;
  EXPECT_EQ(BlockOn(Sum(Count(1, 4, absl::DataLossError("torn")), &end)), 6);
  EXPECT_EQ(end, absl::DataLossError("torn"));
}

Task<bool> EndIsSticky(Stream<int> stream) {
  (void)co_await stream.Next();
  auto first = co_await stream.Next();
  auto second = co_await stream.Next();
  co_return !first.ok() && !second.ok();
}

TEST(StreamTest, EndIsTheSameEveryTime) {
  EXPECT_TRUE(BlockOn(EndIsSticky(Count(0, 1, absl::DataLossError("torn")))));
}

Task<int> TakeTwo(Stream<int> stream) {
  auto first = co_await stream.Next();
  auto second = co_await stream.Next();
  co_return **first + **second;
}

TEST(StreamTest, TheWriterNeverRunsAheadAndIsDroppedWithItsStream) {
  int produced = 0;
  EXPECT_EQ(BlockOn(TakeTwo(Count(5, 100, absl::OkStatus(), &produced))), 11);
  EXPECT_EQ(produced, 2);
}

TEST(StreamTest, AnEmptyStreamIsAtItsEnd) {
  absl::Status end;
  EXPECT_EQ(BlockOn(Sum(Stream<int>(), &end)), 0);
  EXPECT_EQ(BlockOn(Sum(StreamOf(3), &end)), 3);
}

}  // namespace
}  // namespace starling::async

#include "core/async/channel.h"

#include <gtest/gtest.h>

#include "core/async/spawn.h"

namespace starling::async {
namespace {

Task<void> Produce(Channel<int> channel, int count) {
  for (int i = 0; i < count; ++i) (void)co_await channel.Push(i);
  channel.Close(absl::DataLossError("end"));
}

Task<int> Consume(Channel<int> channel, absl::Status* end) {
  TaskGroup group;
  group.Start(Produce(channel, 1000));
  auto stream = Channel<int>::Read(channel);
  int sum = 0;
  while (true) {
    auto item = co_await stream.Next();
    if (!item.ok()) {
      *end = item.status();
      break;
    }
    sum += **item;
  }
  co_await group.Join();
  co_return sum;
}

TEST(ChannelTest, CarriesEverythingInABoundedQueue) {
  absl::Status end;
  EXPECT_EQ(BlockOn(Consume(Channel<int>(2), &end)), 499500);
  EXPECT_EQ(end.code(), absl::StatusCode::kDataLoss);
}

TEST(ChannelTest, TryPushRefusesWhenFullOrClosed) {
  Channel<int> channel(1);
  EXPECT_TRUE(channel.TryPush(1));
  EXPECT_FALSE(channel.TryPush(2));
  channel.Close();
  EXPECT_FALSE(channel.TryPush(3));
}

TEST(ChannelTest, OtherThreadsMayPush) {
  Channel<int> channel(10000);
  LoopGroup writers(2);
  for (size_t i = 0; i < 2; ++i) Spawn(writers.at(i), Produce(channel, 1000));
  absl::Status end;
  EXPECT_GE(BlockOn(Consume(channel, &end)), 499500);
}

Task<absl::Status> PopCancelled(Channel<int> channel) {
  CancelSource source;
  Loop::Current()->Post([token = &source] { token->Cancel(); });
  auto item = co_await channel.Pop(source.token());
  co_return item.status();
}

TEST(ChannelTest, CancellationEndsAWait) {
  EXPECT_EQ(BlockOn(PopCancelled(Channel<int>(1))).code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace starling::async

#include "core/async/watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "core/async/completion.h"
#include "core/async/sleep.h"
#include "core/async/spawn.h"

namespace starling::async {
namespace {

using std::chrono::milliseconds;

std::pair<int, int> Pair() {
  std::array<int, 2> fds{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()), 0);
  return {fds[0], fds[1]};
}

void Send(int fd, std::string_view text) {
  EXPECT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

Task<void> Readable(Watch& watch) {
  Completion<bool> done;
  watch.WhenReadable([completer = done.completer()] { completer.Set(true); });
  (void)co_await done;
}

Task<void> Writable(Watch& watch) {
  Completion<bool> done;
  watch.WhenWritable([completer = done.completer()] { completer.Set(true); });
  (void)co_await done;
}

int64_t ProcessorTimeUs() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& time) { return time.tv_sec * 1000000LL + time.tv_usec; };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

Task<void> ReadsAgainAndAgain() {
  const auto [fd, peer] = Pair();
  Watch watch(*Loop::Current(), fd);
  std::array<char, 8> buffer{};
  for (int i = 0; i < 3; ++i) {
    Send(peer, "ab");
    co_await Readable(watch);
    EXPECT_EQ(::read(fd, buffer.data(), buffer.size()), 2);
    EXPECT_EQ(::read(fd, buffer.data(), buffer.size()), -1);
  }
  // What was left unread is told again.
  Send(peer, "ab");
  co_await Readable(watch);
  co_await Readable(watch);
  EXPECT_EQ(::read(fd, buffer.data(), buffer.size()), 2);
  ::close(peer);
  co_await Readable(watch);
  EXPECT_EQ(::read(fd, buffer.data(), buffer.size()), 0);
}

TEST(WatchTest, ReadsAgainAndAgain) { BlockOn(ReadsAgainAndAgain()); }

Task<void> WaitsForRoom() {
  const auto [fd, peer] = Pair();
  Watch watch(*Loop::Current(), fd);
  const std::string much(1 << 16, 'x');
  while (::send(fd, much.data(), much.size(), MSG_NOSIGNAL) > 0) {
  }
  bool room = false;
  watch.WhenWritable([&room] { room = true; });
  (void)co_await Sleep(milliseconds(5));
  EXPECT_FALSE(room);
  std::string sink(1 << 20, '\0');
  while (::read(peer, sink.data(), sink.size()) > 0) {
  }
  co_await Writable(watch);
  EXPECT_GT(::send(fd, "x", 1, MSG_NOSIGNAL), 0);
  ::close(peer);
}

TEST(WatchTest, WaitsForRoom) { BlockOn(WaitsForRoom()); }

// A peer that is gone is an event for ever: it must not keep the loop busy while nobody wants to know.
Task<void> EventsThatNobodyWantsAreQuiet() {
  const auto [fd, peer] = Pair();
  Watch watch(*Loop::Current(), fd);
  Send(peer, "a");
  co_await Readable(watch);
  co_await Writable(watch);
  ::close(peer);
  const int64_t before = ProcessorTimeUs();
  (void)co_await Sleep(milliseconds(200));
  EXPECT_LT(ProcessorTimeUs() - before, 100000);
  // And it is not lost.
  co_await Readable(watch);
  std::array<char, 8> buffer{};
  EXPECT_EQ(::read(fd, buffer.data(), buffer.size()), 1);
  co_await Readable(watch);
  EXPECT_EQ(::read(fd, buffer.data(), buffer.size()), 0);
}

TEST(WatchTest, EventsThatNobodyWantsAreQuiet) { BlockOn(EventsThatNobodyWantsAreQuiet()); }

// Both are ready in one turn of the loop; each closes and destroys the other and itself.
Task<void> MayBeDestroyedInsideAnEvent() {
  const auto [fd1, peer1] = Pair();
  const auto [fd2, peer2] = Pair();
  auto first = std::make_unique<Watch>(*Loop::Current(), fd1);
  auto second = std::make_unique<Watch>(*Loop::Current(), fd2);
  Completion<bool> done;
  int events = 0;
  const auto completer = done.completer();
  const auto event = [&events, &first, &second, completer] {
    ++events;
    first = nullptr;
    second = nullptr;
    completer.Set(true);
  };
  first->WhenReadable(event);
  first->WhenWritable(event);
  second->WhenReadable(event);
  Send(peer1, "a");
  Send(peer2, "a");
  (void)co_await done;
  (void)co_await Sleep(milliseconds(1));
  EXPECT_EQ(events, 1);
  ::close(peer1);
  ::close(peer2);
}

TEST(WatchTest, MayBeDestroyedInsideAnEvent) { BlockOn(MayBeDestroyedInsideAnEvent()); }

Task<void> Released() {
  const auto [fd, peer] = Pair();
  bool told = false;
  {
    Watch watch(*Loop::Current(), fd);
    watch.WhenReadable([&told] { told = true; });
    EXPECT_EQ(watch.Release(), fd);
  }
  Send(peer, "a");
  (void)co_await Sleep(milliseconds(1));
  EXPECT_FALSE(told);
  std::array<char, 8> buffer{};
  EXPECT_EQ(::read(fd, buffer.data(), buffer.size()), 1);
  ::close(fd);
  ::close(peer);
}

TEST(WatchTest, ReleaseForgetsWhoWaits) { BlockOn(Released()); }

// What waits may hold the watch that it waits with, and a timer: the end of the loop lets go of all of it.
TEST(WatchTest, TheLoopLetsGoOfWhoStillWaits) {
  struct Owner {
    Owner(Loop& loop, int fd) : watch(loop, fd) {}
    Watch watch;
    Timer timer;
  };
  const auto [fd, peer] = Pair();
  std::weak_ptr<Owner> weak;
  {
    Loop loop;
    auto owner = std::make_shared<Owner>(loop, fd);
    weak = owner;
    owner->timer = loop.After(std::chrono::hours(1), [] {});
    owner->watch.WhenReadable([owner, &loop] { loop.Stop(); });
  }
  EXPECT_TRUE(weak.expired());
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
  ::close(peer);
}

}  // namespace
}  // namespace starling::async

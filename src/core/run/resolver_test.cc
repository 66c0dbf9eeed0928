#include "core/run/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "base/status.h"

namespace starling::run {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Pair;

TEST(ResolverTest, ChecksTargets) {
  for (const char* good : {"unix:/run/x.sock", "localhost:80", "10.0.0.1:65535", "[::1]:8001"}) {
    EXPECT_TRUE(CheckTarget(good).ok()) << good;
  }
  for (const char* bad :
       {"", "localhost", "localhost:", ":80", "localhost:0", "localhost:65536", "::1:80", "h:8x"}) {
    EXPECT_FALSE(CheckTarget(bad).ok()) << bad;
  }
}

TEST(ResolverTest, ResolvesNamesAndKeepsAddresses) {
  EXPECT_THAT(*ResolveTargets({"unix:/run/x.sock", "127.0.0.1:80", "127.0.0.1:80"}),
              ElementsAre(Pair("127.0.0.1:80", "127.0.0.1"), Pair("unix:/run/x.sock", "")));
  EXPECT_THAT(*ResolveTargets({"localhost:8001"}), Contains(Pair("127.0.0.1:8001", "localhost")));
}

TEST(ResolverTest, TellsTheFirstSetAndStops) {
  std::promise<Addresses> first;
  Resolver resolver(
      {"localhost:80"}, std::chrono::hours(1), [&](const Addresses& set) { first.set_value(set); },
      [](const absl::Status&) {});
  EXPECT_THAT(first.get_future().get(), Contains(Pair("127.0.0.1:80", "localhost")));
}

TEST(ResolverTest, AddressesThatAreNumbersAreKnownAtOnceAndToldOnce) {
  int told = 0;
  Addresses known;
  {
    Resolver resolver(
        {"[::1]:80", "unix:/run/x.sock"}, std::chrono::milliseconds(1),
        [&](const Addresses& set) {
          ++told;
          known = set;
        },
        [](const absl::Status&) {});
    EXPECT_THAT(known, ElementsAre(Pair("[::1]:80", "::1"), Pair("unix:/run/x.sock", "")));
  }
  EXPECT_EQ(told, 1);
}

TEST(ResolverTest, TellsEachChangeAndKeepsTheLastSetWhileNobodyAnswers) {
  const Addresses one = {{"10.0.0.1:80", "replicas"}};
  const Addresses two = {{"10.0.0.1:80", "replicas"}, {"10.0.0.2:80", "replicas"}};
  // What each lookup says; the last one goes on.
  const std::vector<absl::StatusOr<Addresses>> said = {one, one, Unavailable("no server"), one, two};
  size_t lookups = 0;
  std::vector<Addresses> told;
  std::vector<std::string> failures;
  std::promise<void> grown;
  {
    Resolver resolver(
        {"replicas:80"}, std::chrono::milliseconds(1),
        [&](const Addresses& set) {
          told.push_back(set);
          if (set == two) grown.set_value();
        },
        [&](const absl::Status& status) { failures.emplace_back(Message(status)); },
        [&](const std::vector<std::string>& targets) {
          EXPECT_THAT(targets, ElementsAre("replicas:80"));
          return said[std::min(lookups++, said.size() - 1)];
        });
    ASSERT_EQ(grown.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  }
  EXPECT_THAT(told, ElementsAre(one, two));
  EXPECT_THAT(failures, ElementsAre("no server"));
}

}  // namespace
}  // namespace starling::run

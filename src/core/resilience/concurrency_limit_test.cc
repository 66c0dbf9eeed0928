#include "core/resilience/concurrency_limit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <queue>
#include <random>
#include <thread>
#include <vector>

namespace starling::resilience {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// A server of two workers, each of which takes what waits, at most `batch` calls, and needs `fixed + each * calls` for it; in
// virtual time, with arrivals at random (Poisson).
class Simulation {
 public:
  double fixed_ms = 2, each_ms = 2;
  size_t batch = 8;

  struct Result {
    double goodput = 0;  // calls per second
    double p99_ms = 0;
    int64_t refused = 0, offered = 0;
  };

  // Of the best batch.
  double Capacity() const { return 2 * batch / (fixed_ms + each_ms * static_cast<double>(batch)) * 1000; }

  Result Run(double per_second, double seconds) {
    Result result;
    std::vector<double> took;
    const double end = now_ms_ + seconds * 1000;
    std::exponential_distribution<double> gap(per_second / 1000);
    double arrival = now_ms_ + gap(random_);
    while (arrival < end) {
      while (!events_.empty() && events_.top().at <= arrival) Finish(&took);
      now_ms_ = arrival;
      ++result.offered;
      if (limit_.TryBegin()) {
        waiting_.push_back(now_ms_);
        StartWork();
      } else {
        ++result.refused;
      }
      arrival += gap(random_);
    }
    now_ms_ = end;
    std::sort(took.begin(), took.end());
    result.goodput = static_cast<double>(took.size()) / seconds;
    if (!took.empty()) result.p99_ms = took[took.size() * 99 / 100];
    return result;
  }
  int64_t limit() const { return limit_.limit(); }

  // Nobody calls for so long after what is under way has ended.
  void Pause(double seconds) {
    std::vector<double> took;
    while (!events_.empty()) Finish(&took);
    now_ms_ += seconds * 1000;
  }

  // Callers who each wait for their answer before they ask again. How many calls were refused.
  int64_t RunClosed(int callers, double seconds) {
    int64_t refused = 0;
    const double end = now_ms_ + seconds * 1000;
    const auto ask = [&] {
      if (limit_.TryBegin()) {
        waiting_.push_back(now_ms_);
      } else {
        ++refused;
      }
    };
    for (int i = 0; i < callers; ++i) ask();
    StartWork();
    std::vector<double> took;
    while (!events_.empty() && now_ms_ < end) {
      const size_t before = took.size();
      Finish(&took);
      for (size_t i = before; i < took.size(); ++i) ask();
      StartWork();
    }
    return refused;
  }

 private:
  struct Done {
    double at;
    std::vector<double> arrivals;
    bool operator<(const Done& other) const { return at > other.at; }
  };
  static ConcurrencyLimit::Time At(double ms) {
    return ConcurrencyLimit::Time(nanoseconds(static_cast<int64_t>(ms * 1e6)));
  }
  void StartWork() {
    while (idle_ > 0 && !waiting_.empty()) {
      Done done;
      while (!waiting_.empty() && done.arrivals.size() < batch) {
        done.arrivals.push_back(waiting_.front());
        waiting_.pop_front();
      }
      done.at = now_ms_ + fixed_ms + each_ms * static_cast<double>(done.arrivals.size());
      --idle_;
      events_.push(std::move(done));
    }
  }
  void Finish(std::vector<double>* took) {
    const Done done = events_.top();
    events_.pop();
    now_ms_ = done.at;
    for (const double arrival : done.arrivals) {
      took->push_back(now_ms_ - arrival);
      limit_.End(nanoseconds(static_cast<int64_t>((now_ms_ - arrival) * 1e6)), At(now_ms_), true);
    }
    ++idle_;
    StartWork();
  }

  ConcurrencyLimit limit_{ConcurrencyLimit::Options(), At(0)};
  std::mt19937_64 random_{1};
  double now_ms_ = 0;
  int idle_ = 2;
  std::deque<double> waiting_;
  std::priority_queue<Done> events_;
};

TEST(ConcurrencyLimitTest, RefusesHardlyAnyBelowCapacity) {
  Simulation server;
  server.Run(0.5 * server.Capacity(), 5);
  const auto calm = server.Run(0.8 * server.Capacity(), 30);
  EXPECT_LT(static_cast<double>(calm.refused), 0.01 * static_cast<double>(calm.offered));
}

TEST(ConcurrencyLimitTest, TenTimesTheLoadKeepsGoodputAndDelay) {
  Simulation server;
  server.Run(0.5 * server.Capacity(), 5);
  const auto calm = server.Run(0.8 * server.Capacity(), 20);
  server.Run(10 * server.Capacity(), 2);  // it finds its bound
  const auto overload = server.Run(10 * server.Capacity(), 20);
  EXPECT_GT(overload.goodput, 0.85 * server.Capacity());
  EXPECT_LT(overload.p99_ms, 2 * calm.p99_ms);
}

TEST(ConcurrencyLimitTest, RefusesNoneOfThoseWhoWaitForTheirAnswers) {
  Simulation server;
  server.Run(0.1 * server.Capacity(), 5);
  EXPECT_EQ(server.RunClosed(200, 60), 0);
}

TEST(ConcurrencyLimitTest, DoesNotCreepUpInALongOverload) {
  Simulation server;
  server.Run(0.5 * server.Capacity(), 5);
  server.Run(3 * server.Capacity(), 5);
  const auto early = server.Run(3 * server.Capacity(), 20);
  server.Run(3 * server.Capacity(), 600);
  const auto late = server.Run(3 * server.Capacity(), 20);
  EXPECT_LT(late.p99_ms, 1.4 * early.p99_ms);
  EXPECT_GT(late.goodput, 0.9 * early.goodput);
}

TEST(ConcurrencyLimitTest, AllIsAsBeforeTwoSecondsAfterAnOverload) {
  Simulation server;
  server.Run(0.5 * server.Capacity(), 5);
  const auto before = server.Run(0.8 * server.Capacity(), 20);
  server.Run(10 * server.Capacity(), 10);
  server.Run(0.8 * server.Capacity(), 2);
  const auto after = server.Run(0.8 * server.Capacity(), 20);
  EXPECT_LT(after.p99_ms, 1.2 * before.p99_ms);
  EXPECT_LT(static_cast<double>(after.refused), 0.01 * static_cast<double>(after.offered));
}

TEST(ConcurrencyLimitTest, APauseAfterAnOverloadMakesItAsWideAsInTheBeginning) {
  Simulation server;
  server.Run(0.5 * server.Capacity(), 5);
  server.Run(10 * server.Capacity(), 10);
  const int64_t narrow = server.limit();
  ASSERT_LT(narrow, 100);
  server.Pause(0.5);
  server.Run(0.1 * server.Capacity(), 0.05);
  EXPECT_LT(server.limit(), 2 * narrow);
  server.Run(10 * server.Capacity(), 10);
  server.Pause(1.5);
  server.Run(0.1 * server.Capacity(), 0.05);
  EXPECT_EQ(server.RunClosed(200, 1), 0);
}

TEST(ConcurrencyLimitTest, FindsANewBaseWhenCallsBecomeSlower) {
  Simulation server;
  server.Run(0.8 * server.Capacity(), 10);
  server.fixed_ms = server.each_ms = 20;
  server.Run(3 * server.Capacity(), 60);
  const auto slow = server.Run(3 * server.Capacity(), 60);
  EXPECT_GT(slow.goodput, 0.8 * server.Capacity());
}

TEST(ConcurrencyLimitTest, StartsHighEnoughForOverloadFromTheFirstCall) {
  Simulation server;
  server.Run(10 * server.Capacity(), 5);
  const auto overload = server.Run(10 * server.Capacity(), 20);
  EXPECT_GT(overload.goodput, 0.85 * server.Capacity());
  EXPECT_LT(server.limit(), 200);
}

TEST(ConcurrencyLimitTest, CountsWhatBeginsAndEndsOnManyThreads) {
  ConcurrencyLimit limit({.initial = 3, .min = 3, .max = 3}, ConcurrencyLimit::Time());
  std::atomic<int64_t> inside{0}, most{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20000; ++i) {
        if (!limit.TryBegin()) continue;
        const int64_t now = inside.fetch_add(1) + 1;
        int64_t seen = most.load();
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        inside.fetch_sub(1);
        limit.End(nanoseconds(100 + i), ConcurrencyLimit::Time(milliseconds(i)), i % 3 != 0);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most.load(), 3);
  EXPECT_EQ(limit.under_way(), 0);
  EXPECT_EQ(limit.limit(), 3);
}

}  // namespace
}  // namespace starling::resilience

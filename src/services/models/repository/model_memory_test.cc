// What models take in memory: their budget, their limits, what they were found to take.
#include "services/models/repository/model_memory.h"

#include <gmock/gmock.h>

#include <atomic>
#include <latch>
#include <thread>

#include "base/status.h"
#include "core/async/spawn.h"
#include "core/observe/prometheus.h"
#include "services/models/repository/model_life_test.h"

namespace starling::models {
namespace {

using async::BlockOn;
using testing::ElementsAre;
using testing::HasSubstr;

class ModelMemoryTest : public ModelLifeTest {};

TEST_F(ModelMemoryTest, TheMemoryBudgetEvictsWhatWasUsedLongestAgo) {
  for (const char* name : {"a", "b", "c"}) {
    Model(name);
    Publish(name, "1", std::string(100, 'x'));
  }
  const auto repository = OpenRepository(RepositoryMode::kNone, {.memory_budget_bytes = 250});
  Settle(*repository);
  EXPECT_THAT(States(*repository), ElementsAre("a/1: ready", "b/1: ready", "c/1: not loaded"));
  EXPECT_EQ(repository->WhyNotReady(), "");
  const auto use = [&](std::string_view name) {
    const auto lease = BlockOn(repository->Acquire(RequestContext(), name, ""));
    EXPECT_TRUE(lease.ok()) << lease.status();
  };
  use("a");
  use("c");  // takes the place of b
  WaitForStates(*repository, {"a/1: ready", "b/1: not loaded", "c/1: ready"});
  use("b");
  WaitForStates(*repository, {"a/1: not loaded", "b/1: ready", "c/1: ready"});
  EXPECT_EQ((*repository->Statistics("b", ""))[0].memory_bytes, 100u);
  EXPECT_THAT(observe::Expose(metrics_, observe::Exposition::kPrometheusText),
              HasSubstr("starling_models_evictions_total{model=\"a\"} 1"));
}

TEST_F(ModelMemoryTest, AModelLargerThanTheBudgetFails) {
  Model("raw");
  Publish("raw", "1", std::string(100, 'x'));
  const auto repository = OpenRepository(RepositoryMode::kNone, {.memory_budget_bytes = 99});
  Settle(*repository);
  EXPECT_THAT(repository->WhyNotReady(), HasSubstr("needs 100 bytes"));
}

TEST_F(ModelMemoryTest, WhatAModelTookCountsWhenItIsMoreThanItsFile) {
  for (const char* name : {"a", "b", "c"}) {
    Model(name);
    Publish(name, "1", std::string(10, 'x'));
  }
  size_t taken = 100;
  fake_.while_loading = [&] { heap_ += taken; };
  const auto repository = OpenRepository(RepositoryMode::kNone, {.memory_budget_bytes = 205});
  Settle(*repository);
  EXPECT_THAT(States(*repository), ElementsAre("a/1: ready", "b/1: ready", "c/1: not loaded"));
  EXPECT_EQ((*repository->Statistics("a", ""))[0].memory_bytes, 100u);
  EXPECT_THAT(observe::Expose(metrics_, observe::Exposition::kPrometheusText),
              HasSubstr("starling_models_memory_bytes{model=\"b\",version=\"1\"} 100"));
  // It is let in as what its file says, and then turns out to be as large as all.
  taken = 200;
  ASSERT_TRUE(BlockOn(repository->Acquire(RequestContext(), "c", "")).ok());
  WaitForStates(*repository, {"a/1: not loaded", "b/1: not loaded", "c/1: ready"});
  // From then on room is made for what it takes.
  taken = 6;
  ASSERT_TRUE(BlockOn(repository->Acquire(RequestContext(), "a", "")).ok());
  WaitForStates(*repository, {"a/1: ready", "b/1: not loaded", "c/1: not loaded"});
}

TEST_F(ModelMemoryTest, AModelThatTookMoreThanItsLimitOrTheBudgetFailsAndLeavesRoom) {
  Write(path_ / "limited" / "model.yaml", StrCat(kShared, "memory_limit_bytes: 1000\n"));
  Publish("limited", "1");
  size_t taken = 1001;
  fake_.while_loading = [&] { heap_ += taken; };
  const auto repository = OpenRepository(RepositoryMode::kExplicit, {.memory_budget_bytes = 2000});
  Settle(*repository);
  const auto load = [&] { return BlockOn(repository->Load(RequestContext(), "limited")); };
  EXPECT_EQ(
      Message(load()),
      "Model 'limited' took, when it was loaded, 1001 bytes, more than its memory_limit_bytes of 1000.");
  EXPECT_THAT(States(*repository), ElementsAre("limited/1: failed"));
  taken = 1000;
  EXPECT_TRUE(load().ok());
  Write(path_ / "limited" / "model.yaml", kShared);
  taken = 2001;
  EXPECT_THAT(std::string(Message(load())), HasSubstr("2001 bytes, more than models.memory_budget allows"));
  EXPECT_THAT(States(*repository), ElementsAre("limited/1: ready"));  // what it was to replace goes on
}

TEST_F(ModelMemoryTest, AFileLargerThanItsModelsLimitIsNotLoaded) {
  Write(path_ / "raw" / "model.yaml", StrCat(kShared, "memory_limit_bytes: 99\n"));
  Publish("raw", "1", std::string(100, 'x'));
  fake_.while_loading = [] { ADD_FAILURE() << "loaded"; };
  const auto repository = OpenRepository(RepositoryMode::kNone);
  Settle(*repository);
  EXPECT_THAT(repository->WhyNotReady(),
              HasSubstr("needs 100 bytes, more than its memory_limit_bytes of 99."));
}

TEST_F(ModelMemoryTest, ManyWhoAskForAnEvictedModelLoadItOnce) {
  for (const char* name : {"a", "b"}) {
    Model(name);
    Publish(name, "1", std::string(100, 'x'));
  }
  std::atomic<int> loads{0};
  std::latch go{1};
  fake_.while_loading = [&] {
    if (++loads > 1) go.wait();
  };
  const auto repository = OpenRepository(RepositoryMode::kNone, {.memory_budget_bytes = 100});
  Settle(*repository);
  ASSERT_EQ(loads, 1);
  std::vector<std::thread> callers;
  std::atomic<int> leases{0};
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      const auto lease = BlockOn(repository->Acquire(RequestContext(), "b", ""));
      EXPECT_TRUE(lease.ok()) << lease.status();
      ++leases;
    });
  }
  const auto late =
      RequestContext().WithDeadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
  EXPECT_EQ(BlockOn(repository->Acquire(late, "b", "")).status().code(), absl::StatusCode::kDeadlineExceeded);
  go.count_down();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(leases, 8);
  EXPECT_EQ(loads, 2);
}

}  // namespace
}  // namespace starling::models

// Repositories of numbered versions: what is loaded, when, and what a request meets meanwhile.
#include "services/models/repository/model_life.h"

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

TEST_F(ModelLifeTest, TheHighestNumberIsLoadedUnlessVersionsYamlSaysOtherwise) {
  Model("raw");
  for (const char* version : {"2", "9", "10", "010", "x", ".11"}) Publish("raw", version);
  {
    const auto repository = OpenRepository(RepositoryMode::kNone);
    Settle(*repository);
    EXPECT_THAT(States(*repository), ElementsAre("raw/10: ready"));
  }
  Write(path_ / "raw" / "versions.yaml", "latest: 2\naliases: {champion: \"2\"}\n");
  {
    const auto repository = OpenRepository(RepositoryMode::kNone);
    Settle(*repository);
    EXPECT_THAT(States(*repository), ElementsAre("raw/2: ready", "raw/9: ready", "raw/10: ready"));
    EXPECT_EQ(Answers(*repository), "10");
    EXPECT_EQ(Answers(*repository, "champion"), "2");
    EXPECT_THAT(repository->Get("raw", "champion")->aliases, ElementsAre("champion"));
    EXPECT_EQ(Answers(*repository, "challenger"), "Model 'raw' has no version 'challenger'.");
  }
  Write(path_ / "raw" / "versions.yaml", "listed: [\"9\"]\n");
  {
    const auto repository = OpenRepository(RepositoryMode::kNone);
    Settle(*repository);
    EXPECT_THAT(States(*repository), ElementsAre("raw/9: ready"));
  }
  Write(path_ / "raw" / "versions.yaml", "all: true\n");
  const auto repository = OpenRepository(RepositoryMode::kNone);
  Settle(*repository);
  EXPECT_THAT(States(*repository), ElementsAre("raw/2: ready", "raw/9: ready", "raw/10: ready"));
}

TEST_F(ModelLifeTest, WhatIsWrongFailsThatModelAlone) {
  Model("raw");
  Publish("raw", "1");
  Write(path_ / "other" / "1" / "model.yaml", StrCat(kShared, "surprise: 1\n"));
  Write(path_ / "named" / "1" / "model.yaml", StrCat("name: someone\n", kShared));
  const auto repository = OpenRepository(RepositoryMode::kNone);
  Settle(*repository);
  EXPECT_THAT(States(*repository), ElementsAre("named/1: failed", "other/1: failed", "raw/1: ready"));
  EXPECT_THAT(repository->WhyNotReady(), HasSubstr("model.yaml:8: 'surprise' is not known here."));
  EXPECT_THAT(repository->WhyNotReady(), HasSubstr("'name' must be 'named', as its folder says."));
}

TEST_F(ModelLifeTest, PollingFollowsTheFolders) {
  Model("raw");
  Publish("raw", "1");
  Model("empty");
  const auto repository = OpenRepository(RepositoryMode::kPoll);
  repository->Start();
  WaitForStates(*repository, {"raw/1: ready"});
  EXPECT_EQ(repository->WhyNotReady(), "");
  Publish("raw", "2");
  WaitForStates(*repository, {"raw/2: ready"});
  EXPECT_EQ(Answers(*repository, "1"), "Model 'raw' has no version '1'.");
  // Aliases move when the file is replaced.
  Write(path_ / "raw" / ".versions", "aliases: {champion: \"1\"}\n");
  fs::rename(path_ / "raw" / ".versions", path_ / "raw" / "versions.yaml");
  WaitForStates(*repository, {"raw/1: ready", "raw/2: ready"});
  EXPECT_EQ(Answers(*repository, "champion"), "1");
  Model("next");
  Publish("next", "1");
  WaitForStates(*repository, {"next/1: ready", "raw/1: ready", "raw/2: ready"});
  fs::remove_all(path_ / "raw");
  WaitForStates(*repository, {"next/1: ready"});
}

TEST_F(ModelLifeTest, ANewVersionThatFailsLeavesTheOldOneAnswering) {
  Model("raw");
  Publish("raw", "1");
  const auto repository = OpenRepository(RepositoryMode::kPoll);
  repository->Start();
  WaitForStates(*repository, {"raw/1: ready"});
  Write(path_ / "raw" / ".new" / "model.yaml", "broken");
  fs::rename(path_ / "raw" / ".new", path_ / "raw" / "2");
  WaitForStates(*repository, {"raw/1: ready", "raw/2: failed"});
  EXPECT_EQ(Answers(*repository), "1");
  EXPECT_EQ(repository->WhyNotReady(), "");
}

TEST_F(ModelLifeTest, CallsSayWhatIsLoadedUnderExplicit) {
  Model("raw");
  Publish("raw", "1");
  Model("start");
  Publish("start", "1");
  const auto repository = OpenRepository(RepositoryMode::kExplicit, {.load = {"start"}});
  Settle(*repository);
  EXPECT_THAT(States(*repository), ElementsAre("raw/1: not loaded", "start/1: ready"));
  EXPECT_EQ(Answers(*repository), "Model 'raw' is not loaded.");
  EXPECT_EQ(repository->WhyNotReady(), "");
  EXPECT_TRUE(BlockOn(repository->Load(RequestContext(), "raw")).ok());
  EXPECT_EQ(Answers(*repository), "1");
  Publish("raw", "2");
  EXPECT_TRUE(BlockOn(repository->Load(RequestContext(), "raw")).ok());
  EXPECT_EQ(Answers(*repository), "2");
  WaitForStates(*repository, {"raw/2: ready", "start/1: ready"});
  EXPECT_TRUE(BlockOn(repository->Unload(RequestContext(), "raw")).ok());
  WaitForStates(*repository, {"raw/2: not loaded", "start/1: ready"});
  EXPECT_EQ(BlockOn(repository->Load(RequestContext(), "none")).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(BlockOn(repository->Load(RequestContext(), "../repository/raw")).code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(BlockOn(repository->Unload(RequestContext(), "none")).code(), absl::StatusCode::kNotFound);
}

TEST_F(ModelLifeTest, OnlyExplicitTakesCalls) {
  Model("raw");
  Publish("raw", "1");
  const auto repository = OpenRepository(RepositoryMode::kNone);
  EXPECT_EQ(BlockOn(repository->Load(RequestContext(), "raw")).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(BlockOn(repository->Unload(RequestContext(), "raw")).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(ModelLifeTest, ALeaseKeepsAnUnloadedVersionAlive) {
  Model("raw");
  Publish("raw", "1");
  const auto repository = OpenRepository(RepositoryMode::kExplicit, {.load = {"raw"}});
  Settle(*repository);
  auto lease = repository->Find("raw", "");
  ASSERT_TRUE(lease.ok()) << lease.status();
  EXPECT_TRUE(BlockOn(repository->Unload(RequestContext(), "raw")).ok());
  EXPECT_THAT(States(*repository), ElementsAre("raw/1: unloading"));
  EXPECT_FALSE(repository->Find("raw", "").ok());
  const std::vector<int64_t> ones = {1, 1};
  const auto tensor = inference::MakeTensor<int64_t>(inference::DataType::kInt64, {1, 2}, ones);
  EXPECT_TRUE(BlockOn((*lease)->Infer(RequestContext(), {tensor, tensor})).ok());
  *lease = nullptr;
  WaitForStates(*repository, {"raw/1: not loaded"});
}

// Swaps versions under load; every request must be answered.
TEST_F(ModelLifeTest, SwapsLoseNoRequest) {
  Model("raw");
  Publish("raw", "1");
  const auto repository = OpenRepository(RepositoryMode::kExplicit, {.load = {"raw"}});
  Settle(*repository);
  std::atomic<bool> over{false};
  std::atomic<int> answered{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      const std::vector<int64_t> ones = {1, 1};
      const auto tensor = inference::MakeTensor<int64_t>(inference::DataType::kInt64, {1, 2}, ones);
      while (!over) {
        const auto lease = BlockOn(repository->Acquire(RequestContext(), "raw", ""));
        ASSERT_TRUE(lease.ok()) << lease.status();
        const auto outputs = BlockOn((*lease)->Infer(RequestContext(), {tensor, tensor}));
        ASSERT_TRUE(outputs.ok()) << outputs.status();
        ++answered;
      }
    });
  }
  for (int version = 2; version <= 40; ++version) {
    const int before = answered;
    Publish("raw", std::to_string(version));
    ASSERT_TRUE(BlockOn(repository->Load(RequestContext(), "raw")).ok());
    EXPECT_EQ(Answers(*repository), std::to_string(version));
    while (answered == before) std::this_thread::yield();
  }
  over = true;
  for (std::thread& caller : callers) caller.join();
  WaitForStates(*repository, {"raw/40: ready"});
}

TEST_F(ModelLifeTest, EqualRequestsGetTheAnswerOfTheFirstIfThePackageSaysSo) {
  Write(path_ / "raw" / "model.yaml", StrCat(kShared, "response_cache: true\n"));
  Publish("raw", "1");
  int runs = 0;
  fake_.run = [&runs](std::span<const inference::Tensor> inputs) {
    ++runs;
    return JudgeLength(inputs);
  };
  const auto repository = OpenRepository(RepositoryMode::kPoll, {.response_cache_bytes = 10000});
  Settle(*repository);
  const auto ask = [&](int64_t mask, absl::StatusOr<ModelLease> lease) {
    const std::vector<int64_t> values = {mask, mask};
    const auto tensor = inference::MakeTensor<int64_t>(inference::DataType::kInt64, {1, 2}, values);
    EXPECT_TRUE(lease.ok()) << lease.status();
    const auto outputs = BlockOn((*lease)->Infer(RequestContext(), {tensor, tensor}));
    EXPECT_TRUE(outputs.ok()) << outputs.status();
    return (*outputs)[0].Values<float>()[1];
  };
  EXPECT_FLOAT_EQ(ask(1, repository->Find("raw", "")), 0.2f);
  EXPECT_FLOAT_EQ(ask(1, repository->Find("raw", "")), 0.2f);
  EXPECT_EQ(runs, 1);
  EXPECT_FLOAT_EQ(ask(2, repository->Find("raw", "")), 0.4f);
  EXPECT_EQ(runs, 2);
  const auto statistics = (*repository->Statistics("raw", ""))[0];
  EXPECT_EQ(statistics.cache_hit.count, 1u);
  EXPECT_EQ(statistics.cache_miss.count, 2u);
  EXPECT_EQ(statistics.success.count, 3u);
  EXPECT_EQ(statistics.inference_count, 2u);
  EXPECT_THAT(observe::Expose(metrics_, observe::Exposition::kPrometheusText),
              HasSubstr("starling_models_cache_requests_total{result=\"hit\"} 1"));
  // Other files, other answers.
  Publish("raw", "1", "other weights");
  while (runs == 2) {
    // A look at the folders may fall between the removal and the rename: then the model is away for a moment.
    if (auto lease = repository->Find("raw", ""); lease.ok()) ask(1, *std::move(lease));
  }
  EXPECT_EQ(runs, 3);
}

TEST_F(ModelLifeTest, ATritonRepositoryLoadsUnchanged) {
  const std::string config = R"(backend: "onnxruntime" max_batch_size: 4
version_policy { all {} }
)";
  runtimes_.Add("openvino", [this]() -> absl::StatusOr<std::unique_ptr<inference::Runtime>> {
    return std::make_unique<inference::FakeRuntime>(fake_);
  });
  Write(path_ / "raw" / "config.pbtxt", config);
  Publish("raw", "1");
  Publish("raw", "2");
  Write(path_ / "other" / "config.pbtxt", "backend: \"pytorch\"");
  Publish("other", "1");
  const auto repository = OpenRepository(RepositoryMode::kNone);
  Settle(*repository);
  EXPECT_THAT(States(*repository), ElementsAre("other/1: failed", "raw/1: ready", "raw/2: ready"));
  EXPECT_THAT(repository->WhyNotReady(), HasSubstr("the backend 'pytorch' is not supported"));
  const auto info = repository->Get("raw", "");
  EXPECT_EQ(info->inputs[0].name, "input_ids");  // as the file says
  EXPECT_EQ(info->max_batch_size, 4u);
}

}  // namespace
}  // namespace starling::models

#include "services/models/follow/alias_follower.h"

#include <gmock/gmock.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <sstream>

#include "base/status.h"
#include "core/async/loop.h"
#include "core/observe/prometheus.h"
#include "services/models/follow/fake_registry.h"
#include "services/models/models_test.h"

namespace starling::models {
namespace {

class AliasFollowerTest : public ModelsTest {
 protected:
  void Start() {
    auto cache = FollowCache::Open(folder_ / "cache");
    ASSERT_TRUE(cache.ok()) << cache.status();
    cache_ = *std::move(cache);
    RepositoryOptions options;
    options.followed = cache_->models();
    auto repository = ModelRepository::Open(std::move(options), runtimes_, metrics_, ByteTokenizer);
    ASSERT_TRUE(repository.ok()) << repository.status();
    repository_ = *std::move(repository);
    repository_->Start();
    FollowOptions follow;
    follow.aliases = *AliasPatterns::Parse({"*@champion"});
    follow.limits.max_bytes = 10'000;
    follow.first_pause = follow.max_pause = std::chrono::milliseconds(1);
    follow.use_interval = std::chrono::milliseconds(1);
    follow.in_use = [this](const std::string&, const std::string& alias) {
      const std::lock_guard lock(mutex_);
      return alias == "champion" ? in_use_ : std::set<std::string>();
    };
    follower_ = std::make_unique<AliasFollower>(registry_stub_, artifacts_stub_, *repository_, *cache_,
                                                loops_.at(0), metrics_, std::move(follow));
  }
  void Stop() {
    follower_.reset();
    repository_.reset();
    cache_.reset();
  }
  ~AliasFollowerTest() override { Stop(); }

  void PutVersion(const std::string& version) {
    std::ostringstream text;
    text << std::ifstream(TensorPackage("sums", version) + "/model.yaml").rdbuf();
    registry_.Put(StrCat("sums/", version, "/model.yaml"), text.str());
    registry_.Put(StrCat("sums/", version, "/more/none"), "x");
  }
  void Use(std::set<std::string> versions) {
    const std::lock_guard lock(mutex_);
    in_use_ = std::move(versions);
  }
  bool Exposes(const std::string& line) const {
    return observe::Expose(metrics_, observe::Exposition::kPrometheusText).find(line) != std::string::npos;
  }
  static void Await(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!holds()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::yield();
    }
  }
  // The version that "sums@champion" means; empty: none.
  std::string Champion() const {
    const auto lease = repository_->Find("sums", "champion");
    return lease.ok() ? (*lease)->version() : "";
  }
  ModelState StateOf(const std::string& version) const {
    const auto info = repository_->Get("sums", version);
    return info.ok() ? info->state : ModelState::kUnloaded;
  }

  std::mutex mutex_;
  std::set<std::string> in_use_;
  FakeRegistry registry_;
  registry::v1::RegistryServiceStub registry_stub_{registry_};
  registry::v1::ArtifactServiceStub artifacts_stub_{registry_};
  async::LoopGroup loops_{1};
  std::unique_ptr<FollowCache> cache_;
  std::unique_ptr<ModelRepository> repository_;
  std::unique_ptr<AliasFollower> follower_;
};

TEST_F(AliasFollowerTest, ServesWhatTheAliasMeans) {
  PutVersion("1");
  PutVersion("2");
  Start();
  registry_.Move("sums", "challenger", "2");
  registry_.Move("sums", "champion", "1");
  Await([&] { return Champion() == "1"; });
  EXPECT_EQ(repository_->Get("sums@champion", "")->version, "1");
  EXPECT_EQ(repository_->Find("sums", "2").status().code(), absl::StatusCode::kNotFound);
  registry_.Move("sums", "champion", "2");
  Await([&] { return Champion() == "2" && repository_->Index().size() == 1; });
  registry_.Move("sums", "champion", "");
  Await([&] { return repository_->Index().empty(); });
  Await([&] { return cache_->Models().empty(); });
}

TEST_F(AliasFollowerTest, TheAliasMovesWhenTheNewVersionIsWarm) {
  std::atomic<int> loads{0};
  std::latch go{1};
  fake_.while_loading = [&] {
    if (++loads == 2) go.wait();
  };
  PutVersion("1");
  PutVersion("2");
  registry_.Move("sums", "champion", "1");
  Start();
  Await([&] { return Champion() == "1"; });
  registry_.Move("sums", "champion", "2");
  Await([&] { return loads == 2; });
  EXPECT_EQ(Champion(), "1");
  go.count_down();
  Await([&] { return Champion() == "2"; });
}

TEST_F(AliasFollowerTest, AVersionInUseStaysOrIsFetchedAgain) {
  PutVersion("1");
  PutVersion("2");
  registry_.Move("sums", "champion", "1");
  Start();
  Await([&] { return Champion() == "1"; });
  const ServedModel* first = (*repository_->Find("sums", "1")).get();
  Use({"1"});
  registry_.Move("sums", "champion", "2");
  Await([&] { return Champion() == "2"; });
  registry_.Move("sums", "champion", "3");  // there is none: the round before it is over
  Await([&] { return StateOf("3") == ModelState::kFailed; });
  EXPECT_EQ((*repository_->Find("sums", "1")).get(), first);
  registry_.Move("sums", "champion", "2");
  Use({});
  Await([&] { return repository_->Index().size() == 1; });
  Await([&] { return cache_->Get("sums").sources.size() == 1; });
  Use({"1", "none"});
  Await([&] { return StateOf("1") == ModelState::kReady; });
  EXPECT_EQ(Champion(), "2");
  EXPECT_EQ(repository_->Index().size(), 2);
}

TEST_F(AliasFollowerTest, WatchesAfterTheLastMoveThatTheListShows) {
  PutVersion("1");
  registry_.Move("sums", "challenger", "1");
  registry_.Move("sums", "champion", "1");
  Start();
  Await([&] { return !registry_.watched_after().empty(); });
  EXPECT_EQ(registry_.watched_after().front(), 2);
  PutVersion("2");
  registry_.Move("sums", "champion", "2");
  Await([&] { return Champion() == "2"; });
  registry_.SetAway(true);
  Await([&] { return Exposes("starling_models_follow_connected 0"); });
  registry_.SetAway(false);
  Await([&] { return registry_.watched_after().size() > 1; });
  EXPECT_EQ(registry_.watched_after().back(), 3);
}

TEST_F(AliasFollowerTest, ARegistryThatIsAwayChangesNothingAlsoNotAtStart) {
  PutVersion("1");
  PutVersion("2");
  registry_.Move("sums", "champion", "1");
  Start();
  Await([&] { return Champion() == "1"; });
  registry_.SetAway(true);
  Stop();
  registry_.Move("sums", "champion", "2");
  Start();
  Await([&] { return Champion() == "1"; });
  const size_t watches = registry_.watched_after().size();
  registry_.SetAway(false);
  Await([&] { return Champion() == "2"; });
  EXPECT_GT(registry_.watched_after().size(), watches);
}

TEST_F(AliasFollowerTest, ABrokenVersionFailsAloneAndTheAliasStays) {
  PutVersion("1");
  registry_.Put("sums/2/readme.txt", "no package");
  PutVersion("3");
  registry_.Put("sums/3/large.bin", std::string(20'000, 'x'));
  registry_.Move("sums", "champion", "1");
  Start();
  Await([&] { return Champion() == "1"; });
  // Not a package, too large, elsewhere, nothing there.
  for (const auto& [version, source] :
       std::map<std::string, std::string>{{"2", ""}, {"3", ""}, {"4", "s3://bucket/sums"}, {"5", ""}}) {
    registry_.Move("sums", "champion", version, source);
    Await([&, &version = version] { return StateOf(version) == ModelState::kFailed; });
    EXPECT_EQ(Champion(), "1") << version;
  }
  EXPECT_TRUE(repository_->WhyNotReady().empty());
  registry_.Move("sums", "champion", "1");
  Await([&] { return repository_->Index().size() == 1; });
}

TEST_F(AliasFollowerTest, NamesThatAreNoFilesNamesAreRefused) {
  for (const std::string name : {"..", "/etc/passwd", ".source", "a\\b"}) {
    const std::string version = StrCat(1 + name.size());
    PutVersion(version);
    // Two slashes: the fake gives all of it as one name.
    registry_.Put(StrCat("sums/", version, "/", name == "/etc/passwd" ? "/etc//passwd" : name), "x");
    registry_.Move("sums", "champion", version);
    if (repository_ == nullptr) Start();
    Await([&] { return StateOf(version) == ModelState::kFailed; });
    EXPECT_THAT(repository_->Get("sums", version)->reason,
                testing::HasSubstr("has a name that can't be one"));
  }
}

TEST_F(AliasFollowerTest, AFileThatBreaksOffIsFetchedAgain) {
  PutVersion("1");
  registry_.SetMissingBytes(1);
  registry_.Move("sums", "champion", "1");
  Start();
  Await([&] { return StateOf("1") == ModelState::kFailed; });
  EXPECT_EQ(Champion(), "");
  registry_.SetMissingBytes(0);
  Await([&] { return Champion() == "1"; });
}

TEST_F(AliasFollowerTest, AVersionFromElsewhereTakesThePlaceOfItsNumber) {
  PutVersion("1");
  PutVersion("2");
  registry_.Move("sums", "champion", "1");
  Start();
  Await([&] { return Champion() == "1"; });
  const auto old = repository_->Find("sums", "1");
  // The model was deleted and made again under the same name while nobody looked.
  registry_.Move("sums", "champion", "1", "mlflow-artifacts:/sums/2");
  Await([&] {
    const auto now = repository_->Find("sums", "champion");
    return now.ok() && *now != *old;
  });
  EXPECT_EQ(cache_->Get("sums").sources.at("1"), "mlflow-artifacts:/sums/2");
}

TEST_F(AliasFollowerTest, EachProgramHasAFolderOfTheCache) {
  const auto first = FollowCache::Open(folder_ / "shared");
  ASSERT_TRUE(first.ok()) << first.status();
  auto second = FollowCache::Open(folder_ / "shared");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_NE((*first)->models(), (*second)->models());
  const auto models = (*second)->models();
  second->reset();
  EXPECT_EQ((*FollowCache::Open(folder_ / "shared"))->models(), models);
}

TEST(AliasPatternsTest, MatchModelAndAlias) {
  const auto patterns = AliasPatterns::Parse({"a@b@x", "*@champion", "fraud@*"});
  ASSERT_TRUE(patterns.ok()) << patterns.status();
  EXPECT_TRUE(patterns->Match("a@b", "x"));
  EXPECT_TRUE(patterns->Match("other", "champion"));
  EXPECT_TRUE(patterns->Match("fraud", "anything"));
  EXPECT_FALSE(patterns->Match("a@b", "y"));
  for (const char* wrong : {"champion", "@champion", "fraud@", ""})
    EXPECT_FALSE(AliasPatterns::Parse({wrong}).ok()) << wrong;
}

TEST(ArtifactPathTest, IsOfTheRegistryAlone) {
  EXPECT_EQ(*ArtifactPath("mlflow-artifacts:/1/run/artifacts/model/"), "1/run/artifacts/model");
  for (const char* elsewhere : {"mlflow-artifacts://other/1", "mlflow-artifacts:/",
                                "mlflow-artifacts:/a/../b", "s3://b/k", "file:///etc", "/etc", ""}) {
    EXPECT_FALSE(ArtifactPath(elsewhere).ok()) << elsewhere;
  }
}

}  // namespace
}  // namespace starling::models

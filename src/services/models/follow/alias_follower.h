// AliasFollower: makes the repository serve what the registry's aliases point to.
#pragma once

#include <chrono>
#include <functional>
#include <latch>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/async/loop.h"
#include "core/async/pool.h"
#include "core/async/spawn.h"
#include "core/context/cancel.h"
#include "core/observe/registry.h"
#include "services/models/follow/follow_cache.h"
#include "services/models/follow/model_fetcher.h"
#include "services/models/repository/alias_patterns.h"
#include "services/models/repository/model_repository.h"
#include "starling/registry/v1/registry.starling.h"

namespace starling::models {

struct FollowOptions {
  AliasPatterns aliases;
  FetchLimits limits;
  std::chrono::milliseconds first_pause{200},
      max_pause{15000};  // before it asks a registry again that is away
  std::chrono::nanoseconds list_interval = std::chrono::minutes(1);  // all aliases are read again that often
  // The versions that are needed of a model because of an alias, beside the one that it points to. Any thread.
  std::function<std::set<std::string>(const std::string& model, const std::string& alias)> in_use =
      [](const std::string&, const std::string&) { return std::set<std::string>(); };
  std::chrono::nanoseconds use_interval = std::chrono::seconds(1);  // it is asked that often
};

// Reads the aliases, then hears of each move. For a model whose aliases mean other versions than before: fetches what is missing,
// lets the repository load it beside the old versions, and only then moves the aliases, between two requests. What can't be
// fetched or loaded is there as a failed version; its alias stays where it was. What is away (registry, disk) is tried again.
// A version that no alias means any more stays (or is fetched again) as long as it is in use.
// A registry that is away changes nothing. Models follow side by side, each one move after the other.
class AliasFollower {
 public:
  // Begins on `loop` at once. All of it outlives this; `cache` is used by nobody else.
  AliasFollower(registry::v1::RegistryService& registry, registry::v1::ArtifactService& artifacts,
                ModelRepository& repository, FollowCache& cache, async::Loop& loop,
                observe::Registry& metrics, FollowOptions options);
  // Waits for the load that is under way. Not on the loop.
  ~AliasFollower();
  AliasFollower(const AliasFollower&) = delete;

 private:
  struct Target {
    std::string version;
    std::string source;
    bool operator==(const Target&) const = default;
  };
  using Aliases = std::map<std::string, Target>;
  struct Followed {
    Aliases wanted;
    std::set<std::string> in_use;
    bool is_busy = false;
    CancelSource pause;  // cancelled when the wish changes
  };

  async::Task<void> Run();
  async::Task<absl::Status> ListAndWatch(std::function<void()> on_contact);
  async::Task<absl::StatusOr<int64_t>> ReadAliases();
  void Want(std::map<std::string, Aliases> wanted);
  void WantOf(const std::string& model, Aliases aliases);
  async::Task<void> WatchUse();
  std::set<std::string> InUse(const std::string& model, const Aliases& aliases) const;
  async::Task<void> Follow(std::string model);
  // OK when it is so or can't become so; else worth another try.
  async::Task<absl::Status> Reach(std::string model, Aliases wanted);
  // Where the registry has the files of versions. NOT_FOUND leaves one out.
  async::Task<absl::Status> AddSources(std::string model, std::set<std::string> versions,
                                       std::map<std::string, std::string>* sources);
  async::Task<absl::Status> FetchMissing(std::string model, std::map<std::string, std::string> sources,
                                         std::map<std::string, absl::Status>* broken);
  async::Task<absl::Status> FetchOne(std::string model, std::string version, std::string source);
  async::Task<absl::Status> TakeAway(std::string model);
  async::Task<absl::Status> OnDisk(std::function<absl::Status()> work);

  registry::v1::RegistryService& registry_;
  ModelRepository& repository_;
  FollowCache& cache_;
  const FollowOptions options_;
  async::Pool files_;
  ModelFetcher fetcher_;
  observe::CounterFamily& changes_;
  observe::Gauge connected_;
  const CancelSource stop_;
  const RequestContext context_;
  // The loop's alone.
  std::map<std::string, Followed> followed_;
  std::unique_ptr<async::TaskGroup> group_;
  std::latch ended_{1};
};

}  // namespace starling::models

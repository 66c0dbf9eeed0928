// TrafficKeeper: changes rules, by call and by what it observes, and keeps each change with its reason.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "core/async/pool.h"
#include "core/async/task.h"
#include "services/models/traffic/traffic_router.h"
#include "services/models/traffic/traffic_store.h"
#include "services/models/traffic/trial.h"

namespace starling::models {

struct KeeperOptions {
  std::chrono::nanoseconds check_interval = std::chrono::seconds(1);
  size_t max_rules = 1000;
  // What every alias that follows the registry has as long as nobody sets another rule. No more than limits: without versions. None:
  // those that are there because of it go.
  std::optional<v1::TrafficRule> of_followed;
  bool is_shared = false;  // other programs change the same rules: they are read again at each check
};

// A change is in the store before it holds; all are made on one thread, one after the other. Thread-safe. What programs that share a
// store observe is not added up: each judges by its own requests, and the first decision holds for all.
class TrafficKeeper {
 public:
  // With the rules of the store. Errors of the store. The repository and the router outlive it.
  static absl::StatusOr<std::unique_ptr<TrafficKeeper>> Open(std::unique_ptr<TrafficStore> store,
                                                             ModelRepository& repository,
                                                             TrafficRouter& router, KeeperOptions options);
  ~TrafficKeeper();

  // `who` is for the history. INVALID_ARGUMENT as of CheckRule, and for an alias that is a version's name; NOT_FOUND for a version
  // that the repository does not know; FAILED_PRECONDITION for one rule too many.
  async::Task<absl::StatusOr<v1::TrafficState>> Set(std::string who, v1::SetTrafficRuleRequest request);
  // All: NOT_FOUND if there is no rule.
  async::Task<absl::StatusOr<v1::TrafficState>> Get(std::string model, std::string alias);
  async::Task<absl::Status> Delete(std::string who, v1::DeleteTrafficRuleRequest request);
  // FAILED_PRECONDITION if it does not say which version and there is not exactly one; NOT_FOUND if that has no part in the rule.
  async::Task<absl::StatusOr<v1::TrafficState>> Promote(std::string who, v1::PromoteVersionRequest request);
  // FAILED_PRECONDITION if there is nothing to go back from.
  async::Task<absl::StatusOr<v1::TrafficState>> RollBack(std::string who, v1::RollBackVersionRequest request);
  async::Task<absl::StatusOr<v1::ListTrafficRulesResponse>> List();
  async::Task<absl::StatusOr<v1::ListTrafficMovesResponse>> Moves(
      const v1::ListTrafficMovesRequest& request) {
    return store_->Moves(request);
  }

  // The versions that the rule of an alias may send requests to, now or when the stable one is taken back from its trial.
  std::set<std::string> VersionsInUse(const std::string& model, const std::string& alias) const;

  // An alias that follows the registry, which says what it said before the rule moved the alias.
  struct Unsaid {
    std::string model, alias;
    std::string said;     // the registry's version
    std::string version;  // the rule's
    bool operator==(const Unsaid&) const = default;
  };
  std::vector<Unsaid> WhatIsUnsaid() const;
  // Before the registry is told: its own words are known then when they come back, whatever was decided meanwhile. ABORTED if the rule
  // has it elsewhere now.
  async::Task<absl::Status> NoteTold(Unsaid what);

  // Judges every rule at the time `now`, and carries out what follows: what the check does again and again. Blocks.
  void Check(MonotonicTime now);

 private:
  TrafficKeeper(std::unique_ptr<TrafficStore> store, ModelRepository& repository, TrafficRouter& router,
                KeeperOptions options);
  absl::StatusOr<v1::TrafficState> SetNow(const std::string& who, const v1::SetTrafficRuleRequest& request);
  absl::Status CheckVersions(const std::string& model, const std::string& alias,
                             const v1::TrafficRule& rule) const;
  // Makes the change and lets it hold.
  absl::StatusOr<v1::TrafficState> Change(const std::string& model, const std::string& alias, bool anew,
                                          const TrafficStore::Editor& edit);
  void CheckRule(const ActiveRule& rule, MonotonicTime now);
  // Whether it went back.
  bool CheckTrial(const ActiveRule& rule, MonotonicTime now);
  // repository_aliases.cc
  void RuleFollowed();
  void RenewFollowed();
  void EraseFollowed();
  void EraseRule(const StoredRule& known, const std::string& why);
  void FollowAlias(const ActiveRule& rule);
  void ForgetAlias(const ActiveRule& rule);
  void ReadAgain(MonotonicTime now);
  // The rule as it is in the store holds from now on, with its trial. The lock is held.
  void Hold(StoredRule rule, bool anew, MonotonicTime now);
  v1::TrafficState State(const ActiveRule& rule, MonotonicTime now) const;
  void CheckUntilStopped(const std::stop_token& stop);

  const std::unique_ptr<TrafficStore> store_;
  ModelRepository& repository_;
  TrafficRouter& router_;
  const KeeperOptions options_;
  mutable std::mutex mutex_;  // so that nobody sees a trial without its rule or the other way round
  std::map<std::string, Trial> trials_;  // by "model@alias"; changed on the thread alone
  // What the repository said when FollowAlias last looked; on the thread alone.
  std::map<std::string, std::string> own_;
  bool has_too_many_ = false;  // it was said
  async::Pool thread_;
  std::jthread checking_;
};

}  // namespace starling::models

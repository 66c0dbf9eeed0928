// The part of TrafficKeeper that is about the aliases of the repository: those that move, and those that follow the registry.
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "core/observe/log.h"
#include "services/models/traffic/traffic_keeper.h"
#include "services/models/traffic/traffic_state.h"

namespace starling::models {
namespace {

using Edit = TrafficStore::Edit;
using History = std::vector<v1::TrafficMove>;

void WarnUnlessDone(const absl::Status& status) {
  if (!status.ok()) observe::LogWarning(StrCat("a traffic rule can't be changed: ", Message(status)));
}

}  // namespace

void TrafficKeeper::RuleFollowed() {
  size_t rules = router_.All().size();
  for (const ModelRepository::FollowedAlias& followed : repository_.FollowedAliases()) {
    if (router_.Find(followed.model, followed.alias) != nullptr) continue;
    if (rules >= options_.max_rules) {
      if (!std::exchange(has_too_many_, true)) {
        observe::LogWarning(
            "followed aliases go without a trial: there are as many as models.traffic.max_rules",
            {{"model", followed.model}, {"alias", followed.alias}});
      }
      return;
    }
    const auto edit = [&](StoredRule& stored, const History&) -> absl::StatusOr<Edit> {
      Edit made;
      if (stored.revision != 0) return made;  // somebody was faster
      v1::TrafficRule rule = *options_.of_followed;
      rule.set_stable(followed.version);
      made.changes.push_back({v1::TRAFFIC_MOVE_KIND_SET, kByRepository, "", followed.version,
                              StrCat("The alias follows the registry (", Describe(rule), ").")});
      SetRule(stored, rule);
      stored.of_followed = true;
      stored.seen = followed.version;
      return made;
    };
    const auto done = Change(followed.model, followed.alias, true, edit);
    WarnUnlessDone(done.status());
    if (!done.ok()) return;
    ++rules;
  }
}

std::vector<TrafficKeeper::Unsaid> TrafficKeeper::WhatIsUnsaid() const {
  std::vector<Unsaid> all;
  for (const ModelRepository::FollowedAlias& followed : repository_.FollowedAliases()) {
    const auto active = router_.Find(followed.model, followed.alias);
    if (active == nullptr || active->stored().seen != followed.version) continue;  // it moved: FollowAlias
    if (active->rule().stable() != followed.version)
      all.push_back({followed.model, followed.alias, followed.version, active->rule().stable()});
  }
  return all;
}

async::Task<absl::Status> TrafficKeeper::NoteTold(Unsaid what) {
  const auto edit = [&](StoredRule& stored, const History&) -> absl::StatusOr<Edit> {
    if (stored.revision == 0 || stored.rule.stable() != what.version)
      return absl::AbortedError("The rule was changed.");
    Edit made;
    made.is_quiet = stored.told != what.version;
    stored.told = what.version;
    return made;
  };
  auto work = [&] { return Change(what.model, what.alias, false, edit).status(); };
  auto run = thread_.Run(work);
  auto done = co_await std::move(run);
  co_return done.ok() ? *done : done.status();
}

// Rules that were made under other settings.
void TrafficKeeper::RenewFollowed() {
  for (const auto& active : router_.All()) {
    v1::TrafficRule rule = *options_.of_followed;
    rule.set_stable(active->rule().stable());
    if (google::protobuf::util::MessageDifferencer::Equals(rule, active->rule())) continue;
    if (!active->stored().of_followed) continue;
    const auto edit = [&](StoredRule& stored, const History&) -> absl::StatusOr<Edit> {
      Edit made;
      if (stored.revision != active->stored().revision) return made;
      made.changes.push_back({v1::TRAFFIC_MOVE_KIND_SET, kByRepository, stored.rule.stable(), rule.stable(),
                              "The settings of the trial were changed."});
      made.keeps_trial = true;
      SetRule(stored, rule);
      stored.of_followed = true;
      return made;
    };
    WarnUnlessDone(Change(active->stored().model, active->stored().alias, true, edit).status());
  }
}

// There is no trial any more, so what it needed goes too: else nobody would know who set those rules.
void TrafficKeeper::EraseFollowed() {
  for (const auto& active : router_.All()) {
    const StoredRule& known = active->stored();
    if (known.of_followed) EraseRule(known, "models.registry.trial was turned off.");
  }
}

void TrafficKeeper::EraseRule(const StoredRule& known, const std::string& why) {
  const auto edit = [&](StoredRule& stored, const History&) -> absl::StatusOr<Edit> {
    Edit made;
    if (stored.revision != known.revision) return made;
    made.erase = true;
    made.changes.push_back({v1::TRAFFIC_MOVE_KIND_DELETED, kByRepository, stored.rule.stable(),
                            repository_.OwnAlias(known.model, known.alias), why});
    return made;
  };
  WarnUnlessDone(Change(known.model, known.alias, false, edit).status());
}

// An alias that is gone at the registry means nothing any more, unless somebody set its rule.
void TrafficKeeper::ForgetAlias(const ActiveRule& active) {
  const StoredRule& known = active.stored();
  if (known.of_followed) EraseRule(known, "The alias was deleted in the registry.");
}

// Whoever moved the alias in the repository after the rule was set has the last word. Programs that share rules hear of a move one
// after the other: what an alias meant here before is no move, though the first one that heard has changed the rule already.
void TrafficKeeper::FollowAlias(const ActiveRule& active) {
  const StoredRule& known = active.stored();
  const std::string key = StrCat(known.model, "@", known.alias);
  const std::string target = repository_.OwnAlias(known.model, known.alias);
  if (target.empty()) {
    if (!std::exchange(own_[key], "").empty()) ForgetAlias(active);
    return;
  }
  if (!repository_.CanServe(known.model, target)) return;
  const bool was_so = std::exchange(own_[key], target) == target;
  if (target == known.seen || (options_.is_shared && was_so)) return;
  const bool is_echo = target == known.told;
  bool is_heeded = false;
  const auto edit = [&](StoredRule& stored, const History&) -> absl::StatusOr<Edit> {
    Edit made;
    is_heeded = stored.revision == known.revision;
    if (!is_heeded) return made;
    stored.seen = target;
    stored.told.clear();
    made.is_quiet = true;
    // It came to where the rule is already, or was when the registry was told: whatever is on trial there stays.
    if (is_echo || target == stored.rule.stable()) return made;
    // Back to what was there before the trial is no new version to be tried.
    const bool is_back = stored.trial.has_value() && stored.trial->before() == target;
    made.changes.push_back({is_back ? v1::TRAFFIC_MOVE_KIND_ROLLED_BACK : v1::TRAFFIC_MOVE_KIND_PROMOTED,
                            kByRepository, stored.rule.stable(), target,
                            "The alias was moved in the repository."});
    models::Promote(stored, target);
    return made;
  };
  const bool is_promotion = !is_echo && target != known.rule.stable();
  const auto done = Change(known.model, known.alias, is_promotion, edit);
  WarnUnlessDone(done.status());
  if (!done.ok() || !is_heeded) own_.erase(key);  // looked at again
}

}  // namespace starling::models

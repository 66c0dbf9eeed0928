#include "services/models/traffic/traffic_keeper.h"

#include <algorithm>
#include <condition_variable>
#include <latch>
#include <limits>
#include <mutex>
#include <utility>

#include "base/status.h"
#include "core/observe/log.h"
#include "services/models/traffic/promotion.h"
#include "services/models/traffic/traffic_state.h"

namespace starling::models {
namespace {

using std::chrono::steady_clock;
using Edit = TrafficStore::Edit;
using History = std::vector<v1::TrafficMove>;

void WarnUnlessDone(const absl::Status& status) {
  if (!status.ok()) observe::LogWarning(StrCat("a traffic rule can't be changed: ", Message(status)));
}

int64_t NowMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

absl::Status NoRule(const std::string& model, const std::string& alias) {
  return NotFound("Alias '", alias, "' of model '", model, "' has no traffic rule.");
}

// What the last promotion put an end to; empty if there was none since the rule was set.
std::string BeforePromotion(const History& moves, const std::string& stable) {
  for (const v1::TrafficMove& move : moves) {
    if (move.kind() == v1::TRAFFIC_MOVE_KIND_PROMOTED && move.to_version() == stable)
      return move.from_version();
    if (move.kind() == v1::TRAFFIC_MOVE_KIND_DELETED) return "";
  }
  return "";
}

absl::StatusOr<Edit> PromoteIn(StoredRule& rule, const std::string& who,
                               const v1::PromoteVersionRequest& request) {
  if (rule.revision == 0) return NoRule(request.model(), request.alias());
  const std::vector<std::string> candidates = CandidatesOf(rule.rule);
  std::string version = request.version();
  if (version.empty()) {
    if (candidates.size() != 1) {
      return FailedPrecondition("The rule has ", candidates.size(),
                                " versions beside the stable one: 'version' must say which is promoted.");
    }
    version = candidates[0];
  }
  if (std::find(candidates.begin(), candidates.end(), version) == candidates.end())
    return NotFound("Version '", version, "' has no part in the rule.");
  Edit edit;
  edit.changes.push_back(
      {v1::TRAFFIC_MOVE_KIND_PROMOTED, who, rule.rule.stable(), version, request.reason()});
  Promote(rule, version);
  return edit;
}

absl::StatusOr<Edit> RollBackIn(StoredRule& rule, const History& moves, const std::string& who,
                                const v1::RollBackVersionRequest& request,
                                const ModelRepository& repository) {
  if (rule.revision == 0) return NoRule(request.model(), request.alias());
  Edit edit;
  for (const std::string& version : CandidatesOf(rule.rule)) {
    edit.changes.push_back(
        {v1::TRAFFIC_MOVE_KIND_ROLLED_BACK, who, version, rule.rule.stable(), request.reason()});
    TakeOff(rule, version);
  }
  if (!edit.changes.empty()) return edit;
  const std::string before = BeforePromotion(moves, rule.rule.stable());
  if (before.empty()) {
    return FailedPrecondition("There is nothing to go back from: version '", rule.rule.stable(),
                              "' stands alone, and no promotion brought it.");
  }
  if (!repository.CanServe(request.model(), before))
    return FailedPrecondition("Version '", before, "', which was there before, is not loaded any more.");
  edit.changes.push_back(
      {v1::TRAFFIC_MOVE_KIND_ROLLED_BACK, who, rule.rule.stable(), before, request.reason()});
  Promote(rule, before);
  return edit;
}

}  // namespace

TrafficKeeper::TrafficKeeper(std::unique_ptr<TrafficStore> store, ModelRepository& repository,
                             TrafficRouter& router, KeeperOptions options)
    : store_(std::move(store)),
      repository_(repository),
      router_(router),
      options_(std::move(options)),
      thread_("model-traffic", 1, std::numeric_limits<size_t>::max()) {}

absl::StatusOr<std::unique_ptr<TrafficKeeper>> TrafficKeeper::Open(std::unique_ptr<TrafficStore> store,
                                                                   ModelRepository& repository,
                                                                   TrafficRouter& router,
                                                                   KeeperOptions options) {
  std::unique_ptr<TrafficKeeper> keeper(
      new TrafficKeeper(std::move(store), repository, router, std::move(options)));
  ASSIGN_OR_RETURN(std::vector<StoredRule> rules, keeper->store_->Load());
  for (StoredRule& rule : rules) keeper->Hold(std::move(rule), true, steady_clock::now());
  if (keeper->options_.is_shared) {
    for (const ModelRepository::FollowedAlias& followed : repository.FollowedAliases())
      keeper->own_[StrCat(followed.model, "@", followed.alias)] = followed.version;
  }
  // Before the first alias may move, so that what the cache has is the version before.
  if (keeper->options_.of_followed.has_value()) {
    keeper->RenewFollowed();
    keeper->RuleFollowed();
  } else {
    keeper->EraseFollowed();
  }
  keeper->checking_ =
      std::jthread([raw = keeper.get()](const std::stop_token& stop) { raw->CheckUntilStopped(stop); });
  return keeper;
}

TrafficKeeper::~TrafficKeeper() { checking_ = {}; }

void TrafficKeeper::CheckUntilStopped(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (true) {
    wake.wait_for(lock, stop, options_.check_interval, [] { return false; });
    if (stop.stop_requested()) return;
    std::latch done(1);
    const bool runs = thread_.TryRun([this, &done] {
      Check(steady_clock::now());
      done.count_down();
    });
    if (runs) done.wait();
  }
}

absl::StatusOr<v1::TrafficState> TrafficKeeper::Change(const std::string& model, const std::string& alias,
                                                       bool anew, const TrafficStore::Editor& edit) {
  std::vector<TrafficChange> changes;
  const auto before = router_.Find(model, alias);
  const auto remember = [&](StoredRule& rule, const History& moves) -> absl::StatusOr<Edit> {
    ASSIGN_OR_RETURN(Edit made, edit(rule, moves));
    changes = made.changes;
    for (const TrafficChange& change : changes) {
      if (made.keeps_trial) break;
      rule.trial.reset();
      if (before == nullptr || change.kind != v1::TRAFFIC_MOVE_KIND_PROMOTED) continue;
      // Without limits nothing takes it back but a person: one who let it in here may, so the version before stays at hand.
      if (!rule.rule.has_roll_back() && change.who == kByRepository) continue;
      rule.trial = NewTrial(change.from, before->stable().window.Figures(steady_clock::now()), NowMs());
    }
    return made;
  };
  ASSIGN_OR_RETURN(std::optional<StoredRule> stored, store_->Change(model, alias, remember));
  for (const TrafficChange& change : changes) {
    const std::string kind(KindName(change.kind));
    router_.metrics().moves.With({model, alias, kind}).Add();
    observe::LogInfo(StrCat("traffic rule of ", model, "@", alias, " ", kind, " by ", change.who, ": ",
                            change.from, " -> ", change.to, ". ", change.reason));
  }
  const std::string key = StrCat(model, "@", alias);
  if (!stored.has_value()) {
    const std::lock_guard lock(mutex_);
    trials_.erase(key);
    own_.erase(key);
    router_.Erase(model, alias);
    return v1::TrafficState();
  }
  if (before == nullptr || before->stored().revision != stored->revision)
    Hold(*std::move(stored), anew, steady_clock::now());
  return State(*router_.Find(model, alias), steady_clock::now());
}

void TrafficKeeper::Hold(StoredRule rule, bool anew, MonotonicTime now) {
  const std::string key = StrCat(rule.model, "@", rule.alias);
  const auto before = router_.Find(rule.model, rule.alias);
  ArmFigures own;
  if (rule.trial.has_value() && before != nullptr && before->rule().stable() == rule.trial->before())
    own = before->stable().window.Figures(now);
  std::optional<Trial> trial = ResumeTrial(rule, own, now, NowMs());
  const std::lock_guard lock(mutex_);
  trials_.erase(key);
  if (trial.has_value()) trials_[key] = *std::move(trial);
  router_.Apply(std::move(rule), anew, now);
}

v1::TrafficState TrafficKeeper::State(const ActiveRule& rule, MonotonicTime now) const {
  const std::lock_guard lock(mutex_);
  const auto trial = trials_.find(StrCat(rule.stored().model, "@", rule.stored().alias));
  return StateOf(rule, trial == trials_.end() ? nullptr : &trial->second, now);
}

std::set<std::string> TrafficKeeper::VersionsInUse(const std::string& model, const std::string& alias) const {
  const std::lock_guard lock(mutex_);
  const auto active = router_.Find(model, alias);
  if (active == nullptr) return {};
  std::set<std::string> versions = {active->rule().stable()};
  for (std::string& version : CandidatesOf(active->rule())) versions.insert(std::move(version));
  const auto trial = trials_.find(StrCat(model, "@", alias));
  if (trial != trials_.end()) versions.insert(trial->second.stored.before());
  return versions;
}

absl::Status TrafficKeeper::CheckVersions(const std::string& model, const std::string& alias,
                                          const v1::TrafficRule& rule) const {
  const auto named = repository_.Get(model, alias);
  if (named.ok() && named->version == alias)
    return InvalidArgument("'", alias, "' is a version of model '", model, "', not an alias.");
  std::vector<std::string> versions = CandidatesOf(rule);
  versions.push_back(rule.stable());
  for (const std::string& version : versions) {
    ASSIGN_OR_RETURN(const ModelInfo info, repository_.Get(model, version));
    if (info.version != version) return InvalidArgument("'", version, "' is an alias, not a version.");
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::TrafficState> TrafficKeeper::SetNow(const std::string& who,
                                                       const v1::SetTrafficRuleRequest& request) {
  v1::TrafficRule rule = request.rule();
  if (rule.stable().empty()) {
    ASSIGN_OR_RETURN(const ModelInfo now, repository_.Get(request.model(), request.alias()));
    rule.set_stable(now.version);
  }
  RETURN_IF_ERROR(models::CheckRule(rule));
  RETURN_IF_ERROR(CheckVersions(request.model(), request.alias(), rule));
  if (router_.Find(request.model(), request.alias()) == nullptr &&
      router_.All().size() >= options_.max_rules) {
    return FailedPrecondition("There are ", options_.max_rules,
                              " traffic rules, as many as models.traffic.max_rules allows.");
  }
  const std::string seen = repository_.OwnAlias(request.model(), request.alias());
  return Change(request.model(), request.alias(), true,
                [&](StoredRule& stored, const History&) -> absl::StatusOr<Edit> {
                  Edit edit;
                  edit.changes.push_back({v1::TRAFFIC_MOVE_KIND_SET, who, stored.rule.stable(), rule.stable(),
                                          StrCat(request.reason(), request.reason().empty() ? "" : " ", "(",
                                                 Describe(rule), ")")});
                  SetRule(stored, rule);
                  stored.seen = seen;
                  return edit;
                });
}

async::Task<absl::StatusOr<v1::TrafficState>> TrafficKeeper::Set(std::string who,
                                                                 v1::SetTrafficRuleRequest request) {
  auto work = [&] { return SetNow(who, request); };
  auto run = thread_.Run(work);
  auto done = co_await std::move(run);
  co_return done.ok() ? *std::move(done) : done.status();
}

async::Task<absl::StatusOr<v1::TrafficState>> TrafficKeeper::Get(std::string model, std::string alias) {
  const auto rule = router_.Find(model, alias);
  if (rule == nullptr) co_return NoRule(model, alias);
  co_return State(*rule, steady_clock::now());
}

async::Task<absl::Status> TrafficKeeper::Delete(std::string who, v1::DeleteTrafficRuleRequest request) {
  const auto edit = [&](StoredRule& stored, const History&) -> absl::StatusOr<Edit> {
    if (stored.revision == 0) return NoRule(request.model(), request.alias());
    Edit made;
    made.erase = true;
    made.changes.push_back({v1::TRAFFIC_MOVE_KIND_DELETED, who, stored.rule.stable(),
                            repository_.OwnAlias(request.model(), request.alias()), request.reason()});
    return made;
  };
  auto work = [&] { return Change(request.model(), request.alias(), true, edit).status(); };
  auto run = thread_.Run(work);
  auto done = co_await std::move(run);
  co_return done.ok() ? *done : done.status();
}

async::Task<absl::StatusOr<v1::TrafficState>> TrafficKeeper::Promote(std::string who,
                                                                     v1::PromoteVersionRequest request) {
  const auto edit = [&](StoredRule& stored, const History&) { return PromoteIn(stored, who, request); };
  auto work = [&] { return Change(request.model(), request.alias(), true, edit); };
  auto run = thread_.Run(work);
  auto done = co_await std::move(run);
  co_return done.ok() ? *std::move(done) : done.status();
}

async::Task<absl::StatusOr<v1::TrafficState>> TrafficKeeper::RollBack(std::string who,
                                                                      v1::RollBackVersionRequest request) {
  const auto edit = [&](StoredRule& stored, const History& moves) {
    return RollBackIn(stored, moves, who, request, repository_);
  };
  auto work = [&] { return Change(request.model(), request.alias(), false, edit); };
  auto run = thread_.Run(work);
  auto done = co_await std::move(run);
  co_return done.ok() ? *std::move(done) : done.status();
}

async::Task<absl::StatusOr<v1::ListTrafficRulesResponse>> TrafficKeeper::List() {
  v1::ListTrafficRulesResponse response;
  for (const auto& rule : router_.All()) *response.add_rules() = State(*rule, steady_clock::now());
  co_return response;
}

void TrafficKeeper::ReadAgain(MonotonicTime now) {
  auto rules = store_->Load();
  if (!rules.ok()) {
    observe::LogWarning(StrCat("the traffic rules can't be read: ", Message(rules.status())));
    return;
  }
  for (const auto& active : router_.All()) {
    const StoredRule& known = active->stored();
    const bool is_there = std::any_of(rules->begin(), rules->end(), [&](const StoredRule& rule) {
      return rule.model == known.model && rule.alias == known.alias;
    });
    if (is_there) continue;
    const std::lock_guard lock(mutex_);
    trials_.erase(StrCat(known.model, "@", known.alias));
    router_.Erase(known.model, known.alias);
  }
  for (StoredRule& rule : *rules) {
    const auto active = router_.Find(rule.model, rule.alias);
    if (active != nullptr && active->stored().revision == rule.revision) continue;
    Hold(std::move(rule), true, now);
  }
}

void TrafficKeeper::Check(MonotonicTime now) {
  if (options_.is_shared) ReadAgain(now);
  if (options_.of_followed.has_value()) RuleFollowed();
  for (const auto& rule : router_.All()) {
    FollowAlias(*rule);
    CheckRule(*rule, now);
  }
}

bool TrafficKeeper::CheckTrial(const ActiveRule& active, MonotonicTime now) {
  const StoredRule& known = active.stored();
  const auto trial = trials_.find(StrCat(known.model, "@", known.alias));
  if (trial == trials_.end()) return false;
  const std::string before = trial->second.stored.before();
  const std::string version = known.rule.stable();
  const ArmFigures figures = active.stable().window.Figures(now);
  const Judgement judgement = Judge(known.rule, version, figures, trial->second.baseline, false);
  if (judgement.verdict != Verdict::kRollBack || !repository_.CanServe(known.model, before)) {
    if (now < trial->second.ends) return false;
    WarnUnlessDone(store_->EndTrial(known));
    const std::lock_guard lock(mutex_);
    trials_.erase(trial);
    return false;
  }
  const auto edit = [&](StoredRule& stored, const History&) -> absl::StatusOr<Edit> {
    Edit made;
    if (stored.revision != known.revision) return made;
    made.changes.push_back({v1::TRAFFIC_MOVE_KIND_ROLLED_BACK, kByRule, version, before, judgement.why});
    models::Promote(stored, before);
    return made;
  };
  WarnUnlessDone(Change(known.model, known.alias, true, edit).status());
  return true;
}

void TrafficKeeper::CheckRule(const ActiveRule& active, MonotonicTime now) {
  if (CheckTrial(active, now)) return;
  const StoredRule& known = active.stored();
  const ArmFigures stable = active.stable().window.Figures(now);
  for (const std::string& version : CandidatesOf(known.rule)) {
    const ArmWindow& window = active.Arm(version).window;
    const Judgement judgement = Judge(known.rule, version, window.Figures(now), stable, window.IsFull(now));
    if (judgement.verdict == Verdict::kStay) continue;
    const auto edit = [&](StoredRule& stored, const History&) -> absl::StatusOr<Edit> {
      Edit made;
      if (stored.revision != known.revision) return made;  // it was changed since these figures
      if (judgement.verdict == Verdict::kRollBack) {
        made.changes.push_back(
            {v1::TRAFFIC_MOVE_KIND_ROLLED_BACK, kByRule, version, stored.rule.stable(), judgement.why});
        TakeOff(stored, version);
      } else {
        made.changes.push_back(
            {v1::TRAFFIC_MOVE_KIND_PROMOTED, kByRule, stored.rule.stable(), version, judgement.why});
        models::Promote(stored, version);
      }
      return made;
    };
    const bool is_promotion = judgement.verdict == Verdict::kPromote;
    WarnUnlessDone(Change(known.model, known.alias, is_promotion, edit).status());
    return;  // the others are judged by the new rule
  }
}

}  // namespace starling::models

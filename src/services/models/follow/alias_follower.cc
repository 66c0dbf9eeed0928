#include "services/models/follow/alias_follower.h"

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

#include "base/status.h"
#include "core/async/sleep.h"
#include "core/observe/log.h"
#include "core/resilience/backoff.h"
#include "core/store/blobs.h"

namespace starling::models {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kCallTimeout{30};

uint64_t RandomBits() {
  thread_local std::mt19937_64 bits{std::random_device{}()};
  return bits();
}

// Another try would end the same way.
bool IsFinal(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status) ||
         absl::IsAlreadyExists(status);
}

// Models are folders, whose names the registry does not restrict as much.
bool CanBeAFolder(const std::string& model) {
  return store::CheckBlobKey(model).ok() && model.find('/') == std::string::npos && !model.starts_with('.');
}

RequestContext OwnContext(const CancelToken& stop) {
  auto origin = std::make_shared<RequestOrigin>();
  origin->request_id = "alias-follower";
  origin->principal = {.kind = Principal::Kind::kService, .name = "models", .scopes = {}};
  return RequestContext().WithOrigin(std::move(origin)).WithCancel(stop);
}

}  // namespace

AliasFollower::AliasFollower(registry::v1::RegistryService& registry,
                             registry::v1::ArtifactService& artifacts, ModelRepository& repository,
                             FollowCache& cache, async::Loop& loop, observe::Registry& metrics,
                             FollowOptions options)
    : registry_(registry),
      repository_(repository),
      cache_(cache),
      options_(std::move(options)),
      files_("follow-files", 1, std::numeric_limits<size_t>::max()),
      fetcher_(artifacts, files_, options_.limits),
      changes_(metrics.Counters(
          {.name = "starling.models.follow.changes",
           .unit = "{change}",
           .help = "Models that were changed to what the registry's aliases say, by how that ended.",
           .labels = {"result"}})),
      connected_(metrics
                     .Gauges({.name = "starling.models.follow.connected",
                              .unit = "",
                              .help = "Whether the registry tells of its aliases: 1 or 0.",
                              .labels = {}})
                     .With({})),
      context_(OwnContext(stop_.token())) {
  async::Spawn(loop, Run());
}

AliasFollower::~AliasFollower() {
  stop_.Cancel();
  ended_.wait();
}

async::Task<absl::Status> AliasFollower::OnDisk(std::function<absl::Status()> work) {
  auto done = co_await files_.Run(std::move(work));
  co_return done.ok() ? *done : done.status();
}

async::Task<void> AliasFollower::Run() {
  group_ = std::make_unique<async::TaskGroup>();
  group_->Start(WatchUse());
  resilience::Backoff backoff(options_.first_pause, options_.max_pause);
  bool was_away = false;
  std::function<void()> on_contact = [&] {
    if (was_away) observe::LogInfo("the registry tells of its aliases again");
    was_away = false;
    connected_.Set(1);
    backoff.Reset();
  };
  while (!stop_.token().cancelled()) {
    const absl::Status ended = co_await ListAndWatch(on_contact);
    if (ended.ok() || stop_.token().cancelled()) continue;
    connected_.Set(0);
    if (!was_away) {
      observe::LogWarning("the registry is away: models stay as they are", {{"reason", Message(ended)}});
    }
    was_away = true;
    static_cast<void>(co_await async::Sleep(backoff.Next(RandomBits()), stop_.token()));
  }
  co_await group_->Join();
  group_.reset();
  ended_.count_down();
}

async::Task<absl::StatusOr<int64_t>> AliasFollower::ReadAliases() {
  const RequestContext call = context_.WithDeadline(steady_clock::now() + kCallTimeout);
  const registry::v1::ListAliasesRequest all;
  CO_ASSIGN_OR_RETURN(const auto listed, co_await registry_.ListAliases(call, all));
  std::map<std::string, Aliases> wanted;
  for (const registry::v1::ModelAlias& alias : listed.aliases()) {
    if (!options_.aliases.Match(alias.name(), alias.alias())) continue;
    if (CanBeAFolder(alias.name())) {
      wanted[alias.name()][alias.alias()] = {alias.version(), alias.artifact_uri()};
    } else {
      observe::LogWarning("a model of the registry can't be followed: its name can't be a folder's",
                          {{"model", alias.name()}});
    }
  }
  Want(std::move(wanted));
  co_return listed.last_move();
}

// Reads all again from time to time whatever it hears, so that nothing stays missed.
async::Task<absl::Status> AliasFollower::ListAndWatch(std::function<void()> on_contact) {
  CO_ASSIGN_OR_RETURN(int64_t last, co_await ReadAliases());
  on_contact();
  const CancelSource round(stop_.token());
  const async::Timer timer =
      async::Loop::Current()->After(options_.list_interval, [&round] { round.Cancel(); });
  registry::v1::WatchAliasesRequest request;
  request.set_after(last);
  auto moves = registry_.WatchAliases(context_.WithCancel(round.token()), request);
  while (true) {
    const auto move = co_await moves.Next();
    if (!move.ok()) co_return round.token().cancelled() ? absl::OkStatus() : move.status();
    if (!move->has_value()) co_return Unavailable("It ended the watch.");
    if ((*move)->number() <= last) continue;  // the aliases were read since
    CO_ASSIGN_OR_RETURN(last, co_await ReadAliases());
  }
}

void AliasFollower::Want(std::map<std::string, Aliases> wanted) {
  if (stop_.token().cancelled()) return;
  for (const std::string& model : cache_.Models()) wanted.try_emplace(model);
  for (const auto& [model, followed] : followed_) wanted.try_emplace(model);
  for (auto& [model, aliases] : wanted) WantOf(model, std::move(aliases));
}

void AliasFollower::WantOf(const std::string& model, Aliases aliases) {
  const auto [place, is_new] = followed_.try_emplace(model);
  Followed& followed = place->second;
  std::set<std::string> in_use = InUse(model, aliases);
  if (!is_new && followed.wanted == aliases && followed.in_use == in_use) return;
  followed.wanted = std::move(aliases);
  followed.in_use = std::move(in_use);
  followed.pause.Cancel();
  if (std::exchange(followed.is_busy, true)) return;
  group_->Start(Follow(model));
}

std::set<std::string> AliasFollower::InUse(const std::string& model, const Aliases& aliases) const {
  std::set<std::string> versions;
  for (const auto& [alias, target] : aliases) versions.merge(options_.in_use(model, alias));
  return versions;
}

async::Task<void> AliasFollower::WatchUse() {
  while (true) {
    const absl::Status waited = co_await async::Sleep(options_.use_interval, stop_.token());
    if (!waited.ok()) co_return;
    std::map<std::string, Aliases> known;  // a model that goes leaves followed_
    for (const auto& [model, followed] : followed_) known[model] = followed.wanted;
    for (auto& [model, aliases] : known) WantOf(model, std::move(aliases));
  }
}

async::Task<void> AliasFollower::Follow(std::string model) {
  resilience::Backoff backoff(options_.first_pause, options_.max_pause);
  Followed& followed = followed_.at(model);
  while (!stop_.token().cancelled()) {
    const Aliases wanted = followed.wanted;
    const std::set<std::string> in_use = followed.in_use;
    followed.pause = CancelSource(stop_.token());
    const absl::Status status = co_await Reach(model, wanted);
    if (followed.wanted != wanted || followed.in_use != in_use) {
      backoff.Reset();
      continue;
    }
    if (status.ok() || IsFinal(status)) break;
    static_cast<void>(co_await async::Sleep(backoff.Next(RandomBits()), followed.pause.token()));
  }
  followed.is_busy = false;
  if (followed.wanted.empty()) followed_.erase(model);
}

async::Task<absl::Status> AliasFollower::TakeAway(std::string model) {
  std::function<absl::Status()> remove = [&] {
    cache_.Remove(model);
    return absl::OkStatus();
  };
  const absl::Status removed = co_await OnDisk(remove);
  static_cast<void>(removed);
  const auto left = co_await repository_.FollowFolder(model, {});
  if (!left.ok()) co_return left.status();
  observe::LogInfo("the registry has no alias for the model any more", {{"model", model}});
  changes_.With({"removed"}).Add();
  co_return absl::OkStatus();
}

async::Task<absl::Status> AliasFollower::FetchOne(std::string model, std::string version,
                                                  std::string source) {
  std::filesystem::path staged;
  std::function<absl::Status()> stage = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(staged, cache_.Stage());
    return absl::OkStatus();
  };
  const absl::Status ready = co_await OnDisk(stage);
  if (!ready.ok()) co_return ready;
  const absl::Status fetched = co_await fetcher_.Fetch(context_, source, staged);
  std::function<absl::Status()> publish = [&]() -> absl::Status {
    const absl::Status status = fetched.ok() ? cache_.Publish(staged, model, version, source) : fetched;
    if (!status.ok()) cache_.Discard(staged);
    return status;
  };
  co_return co_await OnDisk(publish);
}

async::Task<absl::Status> AliasFollower::AddSources(std::string model, std::set<std::string> versions,
                                                    std::map<std::string, std::string>* sources) {
  for (const std::string& version : versions) {
    registry::v1::GetModelVersionRequest request;
    request.set_name(model);
    request.set_version(version);
    const RequestContext call = context_.WithDeadline(steady_clock::now() + kCallTimeout);
    const auto found = co_await registry_.GetModelVersion(call, request);
    if (found.ok()) {
      sources->emplace(version, found->model_version().source());
    } else if (!absl::IsNotFound(found.status())) {
      co_return found.status();
    }
  }
  co_return absl::OkStatus();
}

async::Task<absl::Status> AliasFollower::FetchMissing(std::string model,
                                                      std::map<std::string, std::string> sources,
                                                      std::map<std::string, absl::Status>* broken) {
  absl::Status again;
  for (const auto& [version, source] : sources) {
    const absl::Status fetched = co_await FetchOne(model, version, source);
    if (fetched.ok()) continue;
    observe::LogError("a version of the registry could not be fetched",
                      {{"model", model}, {"version", version}, {"reason", Message(fetched)}});
    broken->emplace(version, fetched);
    if (!IsFinal(fetched)) again = fetched;
  }
  co_return again;
}

async::Task<absl::Status> AliasFollower::Reach(std::string model, Aliases wanted) {
  if (wanted.empty()) co_return co_await TakeAway(model);
  std::map<std::string, std::string> missing;  // by version: where it is
  std::map<std::string, std::string> aliases;  // to what answers
  std::set<std::string> listed = InUse(model, wanted);
  std::set<std::string> left;  // in use and not here
  std::function<absl::Status()> begin = [&] {
    const FollowCache::Held held = cache_.Get(model);
    for (const std::string& version : listed) {
      if (!held.sources.contains(version)) left.insert(version);
    }
    for (const auto& [alias, target] : wanted) {
      listed.insert(target.version);
      left.erase(target.version);
      const auto source = held.sources.find(target.version);
      if (source == held.sources.end() || source->second != target.source)
        missing[target.version] = target.source;
      const auto before = held.aliases.find(alias);
      if (before == held.aliases.end()) continue;
      aliases.insert(*before);
      listed.insert(before->second);
    }
    return cache_.SetVersions(model, listed, aliases);
  };
  const absl::Status begun = co_await OnDisk(begin);
  if (!begun.ok()) co_return begun;
  const absl::Status located = co_await AddSources(model, left, &missing);
  std::map<std::string, absl::Status> broken;
  const absl::Status fetched = co_await FetchMissing(model, missing, &broken);
  const absl::Status again = fetched.ok() ? located : fetched;
  if (stop_.token().cancelled()) co_return again;
  const auto answering = co_await repository_.FollowFolder(model, broken);
  if (!answering.ok()) {
    observe::LogError("a model of the registry is not served",
                      {{"model", model}, {"reason", Message(answering.status())}});
    changes_.With({"failed"}).Add();
    co_return answering.status();
  }
  bool all_live = true;
  listed = InUse(model, wanted);
  for (const auto& [alias, target] : wanted) {
    listed.insert(target.version);
    const bool is_live = answering->contains(target.version);
    all_live = all_live && is_live;
    if (is_live) aliases[alias] = target.version;
  }
  for (const auto& [alias, version] : aliases) listed.insert(version);
  std::function<absl::Status()> move = [&] { return cache_.SetVersions(model, listed, aliases); };
  const absl::Status written = co_await OnDisk(move);
  if (!written.ok()) co_return written;
  const auto moved = co_await repository_.FollowFolder(model, broken);
  if (!moved.ok()) co_return moved.status();
  std::function<absl::Status()> prune = [&] {
    cache_.Prune(model, listed);
    return absl::OkStatus();
  };
  const absl::Status pruned = co_await OnDisk(prune);
  static_cast<void>(pruned);
  for (const auto& [alias, target] : wanted) {
    if (answering->contains(target.version)) {
      observe::LogInfo("an alias of the registry is live",
                       {{"model", model}, {"alias", alias}, {"version", target.version}});
      continue;
    }
    const auto info = repository_.Get(model, target.version);
    observe::LogError("an alias of the registry is not live",
                      {{"model", model},
                       {"alias", alias},
                       {"version", target.version},
                       {"reason", info.ok() ? std::string_view(info->reason) : Message(info.status())}});
  }
  changes_.With({all_live ? "live" : "failed"}).Add();
  co_return again;
}

}  // namespace starling::models

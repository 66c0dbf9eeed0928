#include "services/models/traffic/alias_mover.h"

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "base/status.h"
#include "core/async/sleep.h"
#include "core/async/spawn.h"
#include "core/observe/log.h"

namespace starling::models {
namespace {

using std::chrono::steady_clock;

// Who the registry's history says it was.
constexpr char kWho[] = "traffic rule";
// The move that led here is one of the latest.
constexpr int64_t kMovesToLookAt = 20;

uint64_t RandomBits() {
  thread_local std::mt19937_64 bits{std::random_device{}()};
  return bits();
}

RequestContext OwnContext(const CancelToken& stop) {
  auto origin = std::make_shared<RequestOrigin>();
  origin->request_id = "alias-mover";
  origin->principal = {.kind = Principal::Kind::kService, .name = kWho, .scopes = {}};
  return RequestContext().WithOrigin(std::move(origin)).WithCancel(stop);
}

std::string_view Verb(v1::TrafficMoveKind kind) {
  switch (kind) {
    case v1::TRAFFIC_MOVE_KIND_PROMOTED:
      return "Promoted";
    case v1::TRAFFIC_MOVE_KIND_ROLLED_BACK:
      return "Rolled back";
    default:
      return "Set";
  }
}

}  // namespace

AliasMover::AliasMover(registry::v1::RegistryService& registry, TrafficKeeper& keeper, async::Loop& loop,
                       observe::Registry& metrics, MoverOptions options)
    : registry_(registry),
      keeper_(keeper),
      options_(options),
      moves_(metrics.Counters(
          {.name = "starling.models.registry.moves",
           .unit = "{move}",
           .help =
               "Tries to move an alias of the registry to where a traffic rule has it, by how that ended.",
           .labels = {"result"}})),
      context_(OwnContext(stop_.token())) {
  async::Spawn(loop, Run());
}

AliasMover::~AliasMover() {
  stop_.Cancel();
  ended_.wait();
}

async::Task<void> AliasMover::Run() {
  while (true) {
    const absl::Status waited = co_await async::Sleep(options_.interval, stop_.token());
    if (!waited.ok()) break;
    const std::vector<TrafficKeeper::Unsaid> all = keeper_.WhatIsUnsaid();
    std::erase_if(attempts_, [&all](const auto& attempt) {
      return std::find(all.begin(), all.end(), attempt.second.what) == all.end();
    });
    for (const TrafficKeeper::Unsaid& what : all) {
      auto tell = Tell(what);
      co_await std::move(tell);
    }
  }
  ended_.count_down();
}

async::Task<std::string> AliasMover::ReasonFor(const TrafficKeeper::Unsaid& what) {
  v1::ListTrafficMovesRequest request;
  request.set_model(what.model);
  request.set_alias(what.alias);
  request.set_max_results(kMovesToLookAt);
  auto list = keeper_.Moves(request);
  const auto listed = co_await std::move(list);
  if (!listed.ok()) co_return "";
  for (const v1::TrafficMove& move : listed->moves()) {
    if (move.to_version() != what.version || move.from_version() == what.version) continue;
    co_return StrCat(Verb(move.kind()), " by ", move.who(), ". ", move.reason());
  }
  co_return "";
}

async::Task<void> AliasMover::Tell(TrafficKeeper::Unsaid what) {
  const auto key = std::make_pair(what.model, what.alias);
  const resilience::Backoff fresh(options_.first_pause, options_.max_pause);
  Attempt& attempt = attempts_.try_emplace(key, Attempt{what, fresh, steady_clock::now(), ""}).first->second;
  if (steady_clock::now() < attempt.next) co_return;
  auto note = keeper_.NoteTold(what);
  const absl::Status noted = co_await std::move(note);
  if (!noted.ok()) co_return;  // it is another one at the next look, or the store is away
  registry::v1::SetAliasRequest request;
  request.set_name(what.model);
  request.set_alias(what.alias);
  request.set_version(what.version);
  request.set_expected_version(what.said);
  auto reason = ReasonFor(what);
  request.set_reason(co_await std::move(reason));
  const RequestContext call = context_.WithDeadline(steady_clock::now() + options_.call_timeout);
  const auto told = co_await registry_.SetAlias(call, request);
  if (stop_.token().cancelled()) co_return;
  attempt.next = steady_clock::now() + attempt.backoff.Next(RandomBits());
  const std::string problem(told.ok() ? "" : Message(told.status()));
  if (told.ok()) {
    moves_.With({"moved"}).Add();
    observe::LogInfo("the registry's alias is where its traffic rule has it",
                     {{"model", what.model}, {"alias", what.alias}, {"version", what.version}});
  } else {
    moves_
        .With({absl::IsUnavailable(told.status()) || absl::IsDeadlineExceeded(told.status()) ? "away"
                                                                                             : "refused"})
        .Add();
    if (problem != attempt.problem) {
      observe::LogWarning(
          "the registry's alias is not where its traffic rule has it",
          {{"model", what.model}, {"alias", what.alias}, {"version", what.version}, {"reason", problem}});
    }
  }
  attempt.problem = problem;
}

}  // namespace starling::models

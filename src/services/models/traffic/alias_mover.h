// AliasMover: tells the registry what traffic rules made of the aliases that follow it.
#pragma once

#include <chrono>
#include <latch>
#include <map>
#include <string>
#include <utility>

#include "core/async/loop.h"
#include "core/async/task.h"
#include "core/context/cancel.h"
#include "core/context/request_context.h"
#include "core/observe/registry.h"
#include "core/resilience/backoff.h"
#include "services/models/traffic/traffic_keeper.h"
#include "starling/registry/v1/registry.starling.h"

namespace starling::models {

struct MoverOptions {
  std::chrono::nanoseconds interval = std::chrono::seconds(1);    // between two looks at the rules
  std::chrono::milliseconds first_pause{1000}, max_pause{30000};  // before a move is tried again
  std::chrono::nanoseconds call_timeout = std::chrono::seconds(10);
};

// What is to be said follows from the rules and what the registry last said, both on disk, so nothing is forgotten by a crash. An alias
// that somebody moved in the registry meanwhile is left where it is. Programs that share rules may all say it: once counts.
class AliasMover {
 public:
  // Begins on `loop` at once. All of it outlives this.
  AliasMover(registry::v1::RegistryService& registry, TrafficKeeper& keeper, async::Loop& loop,
             observe::Registry& metrics, MoverOptions options);
  // Not on the loop.
  ~AliasMover();
  AliasMover(const AliasMover&) = delete;

 private:
  struct Attempt {
    TrafficKeeper::Unsaid what;
    resilience::Backoff backoff;
    MonotonicTime next;
    std::string problem;  // that was logged
  };

  async::Task<void> Run();
  async::Task<void> Tell(TrafficKeeper::Unsaid what);
  // Why the rule moved it, for the registry's history; empty if its own history does not say any more.
  async::Task<std::string> ReasonFor(const TrafficKeeper::Unsaid& what);

  registry::v1::RegistryService& registry_;
  TrafficKeeper& keeper_;
  const MoverOptions options_;
  observe::CounterFamily& moves_;
  const CancelSource stop_;
  const RequestContext context_;
  std::map<std::pair<std::string, std::string>, Attempt> attempts_;  // the loop's alone
  std::latch ended_{1};
};

}  // namespace starling::models

#include "app/placements.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "base/status.h"
#include "core/config/suggest.h"
#include "core/run/start_order.h"

namespace starling::app {
namespace {

using Definitions = std::vector<run::ServiceDefinition>;

const run::ServiceDefinition* FindDefinition(const Definitions& definitions, const std::string& name) {
  for (const run::ServiceDefinition& definition : definitions) {
    if (definition.name == name) return &definition;
  }
  return nullptr;
}

PlacementConfig ConfigOf(const run::ServiceDefinition& definition, const PlacementsConfig& config) {
  const auto found = config.services.find(definition.name);
  PlacementConfig placement = found != config.services.end() ? found->second : PlacementConfig();
  if (placement.mode == PlacementMode::kDefault) placement.mode = DefaultMode(definition);
  return placement;
}

std::vector<std::string> AllNeeds(const run::ServiceDefinition& definition) {
  std::vector<std::string> needs = definition.needs;
  needs.insert(needs.end(), definition.needs_by_setting.begin(), definition.needs_by_setting.end());
  return needs;
}

// A service that runs elsewhere has its needs there.
std::vector<std::string> NeedsHere(const run::ServiceDefinition& definition, PlacementMode mode) {
  return mode == PlacementMode::kRemote ? std::vector<std::string>() : AllNeeds(definition);
}

// That `need` is not among the services of this program, and what to do about it.
absl::Status Missing(const run::ServiceDefinition& definition, const run::ServiceDefinition& need,
                     PlacementMode mode, bool has_targets) {
  const std::string placement = StrCat("placement.", need.name);
  std::vector<std::string> ways;
  if (mode == PlacementMode::kOff) {
    ways.push_back(StrCat("set ", placement, ".mode to ", need.create ? "inline" : "process"));
  } else if (has_targets) {
    ways.push_back("name it in --target");
  }
  ways.push_back(StrCat("set ", placement, ".mode to remote and ", placement, ".targets to where it runs"));
  const auto& by_setting = definition.needs_by_setting;
  const bool optional = std::find(by_setting.begin(), by_setting.end(), need.name) != by_setting.end();
  if (optional) ways.push_back(StrCat("leave ", definition.needs_with_by, " empty"));
  return FailedPrecondition("Service ", definition.name, " needs ", need.name,
                            optional ? StrCat(" (because of ", definition.needs_with_by, ")") : "",
                            ", which does not run here: ", absl::StrJoin(ways, ", or "), ".");
}

absl::Status CheckNeeds(const Definitions& definitions, const PlacementsConfig& config, bool has_targets,
                        const std::map<std::string, PlacementConfig>& chosen) {
  for (const auto& [name, placement] : chosen) {
    const run::ServiceDefinition& definition = *FindDefinition(definitions, name);
    for (const std::string& need : NeedsHere(definition, placement.mode)) {
      const run::ServiceDefinition* needed = FindDefinition(definitions, need);
      if (chosen.contains(need) || needed == nullptr) continue;
      return Missing(definition, *needed, ConfigOf(*needed, config).mode, has_targets);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<PlacementPlan> InOrder(const Definitions& definitions,
                                      const std::map<std::string, PlacementConfig>& chosen) {
  std::vector<run::Need> needs;
  for (const run::ServiceDefinition& definition : definitions) {
    const auto found = chosen.find(definition.name);
    if (found == chosen.end()) continue;
    needs.push_back({definition.name, NeedsHere(definition, found->second.mode)});
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> order, run::StartOrder(needs));
  PlacementPlan plan;
  for (const std::string& name : order) {
    plan.services.emplace_back(FindDefinition(definitions, name), chosen.at(name));
  }
  return plan;
}

}  // namespace

absl::StatusOr<PlacementPlan> PlanServices(const Definitions& definitions, const PlacementsConfig& config,
                                           const std::vector<std::string>& targets) {
  for (const std::string& target : targets) {
    if (FindDefinition(definitions, target) != nullptr) continue;
    std::vector<std::string> names;
    for (const run::ServiceDefinition& definition : definitions) names.push_back(definition.name);
    const std::string meant = config::Nearest(target, names);
    return FailedPrecondition("There is no service '", target, "'",
                              meant.empty() ? "." : StrCat("; did you mean '", meant, "'?"),
                              " `starling list-targets` prints those there are.");
  }
  std::map<std::string, PlacementConfig> chosen;
  for (const run::ServiceDefinition& definition : definitions) {
    const PlacementConfig placement = ConfigOf(definition, config);
    const bool wanted =
        targets.empty() || std::find(targets.begin(), targets.end(), definition.name) != targets.end();
    if (placement.mode == PlacementMode::kOff && !targets.empty() && wanted) {
      return FailedPrecondition("Service '", definition.name, "' is a target and is off: set placement.",
                                definition.name, ".mode",
                                definition.create ? "." : " to process, and its command, or to remote.");
    }
    // A remote service costs nothing here, and those that are wanted may need it.
    if (placement.mode != PlacementMode::kOff && (wanted || placement.mode == PlacementMode::kRemote)) {
      chosen[definition.name] = placement;
    }
  }
  RETURN_IF_ERROR(CheckNeeds(definitions, config, !targets.empty(), chosen));
  return InOrder(definitions, chosen);
}

absl::StatusOr<PlacementPlan> PlanChild(const Definitions& definitions, const std::string& service,
                                        const std::string& parent_socket) {
  const run::ServiceDefinition* definition = FindDefinition(definitions, service);
  if (definition == nullptr) return FailedPrecondition("There is no service '", service, "'.");
  std::map<std::string, PlacementConfig> chosen;
  chosen[service].mode = PlacementMode::kInline;
  for (const std::string& need : AllNeeds(*definition)) {
    chosen[need].mode = PlacementMode::kRemote;
    chosen[need].targets = {"unix:" + parent_socket};
    chosen[need].plaintext = true;
  }
  return InOrder(definitions, chosen);
}

Placements::Placements(PlacementTools tools, bool front_door)
    : tools_(std::move(tools)), front_door_(front_door) {
  tools_.environment.need = [this](const rpc::Contract& contract) -> rpc::Endpoint& {
    return Find(contract);
  };
}

Placements::~Placements() { Stop(); }

absl::Status Placements::Place(const PlacementPlan& plan) {
  for (const auto& [definition, config] : plan.services) {
    ASSIGN_OR_RETURN(auto placed, PlacedService::Place(*definition, config, tools_));
    if (front_door_) RETURN_IF_ERROR(placed->MakeAdapters(tools_));
    services_.push_back(std::move(placed));
  }
  return absl::OkStatus();
}

rpc::Endpoint& Placements::Find(const rpc::Contract& contract) const {
  for (const auto& service : services_) {
    for (const run::Served& served : service->served()) {
      if (served.contract == &contract) return *served.endpoint;
    }
  }
  // The start order has placed every declared need before: the service calls what it did not declare.
  std::fprintf(stderr, "A service calls %.*s without declaring the need.\n",
               static_cast<int>(contract.service.size()), contract.service.data());
  std::abort();
}

std::vector<const PlacedService*> Placements::services() const {
  std::vector<const PlacedService*> all;
  for (const auto& service : services_) all.push_back(service.get());
  return all;
}

std::vector<run::Served> Placements::served() const {
  std::vector<run::Served> all;
  for (const auto& service : services_)
    all.insert(all.end(), service->served().begin(), service->served().end());
  return all;
}

std::vector<PlacedAdapter> Placements::adapters() const {
  std::vector<PlacedAdapter> all;
  for (const auto& service : services_) {
    for (PlacedAdapter& adapter : service->adapters()) all.push_back(std::move(adapter));
  }
  return all;
}

run::Readiness Placements::Ready() const {
  std::vector<std::string> reasons;
  for (const auto& service : services_) {
    const run::Readiness ready = service->Ready();
    if (!ready.ready) reasons.push_back(StrCat(service->definition().name, ": ", ready.reason));
  }
  return {reasons.empty(), absl::StrJoin(reasons, "; ")};
}

void Placements::Stop() {
  while (!services_.empty()) {
    services_.back()->Stop();
    services_.pop_back();
  }
}

}  // namespace starling::app

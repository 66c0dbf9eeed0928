// All services of this program, each placed, in the order of their needs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/placed_service.h"

namespace starling::app {

// Which services are placed, and how.
struct PlacementPlan {
  // In the order of needs. The configuration of each already says its mode.
  std::vector<std::pair<const run::ServiceDefinition*, PlacementConfig>> services;
};

// What the configuration asks for: `targets`, or every service that is not off. With `targets`, what these need must be
// remote by configuration. FAILED_PRECONDITION with one sentence for an unknown target, a missing need or a cycle.
absl::StatusOr<PlacementPlan> PlanServices(const std::vector<run::ServiceDefinition>& definitions,
                                           const PlacementsConfig& config,
                                           const std::vector<std::string>& targets);

// A child of another Starling: `service` inline, and what it needs at the parent's socket.
absl::StatusOr<PlacementPlan> PlanChild(const std::vector<run::ServiceDefinition>& definitions,
                                        const std::string& service, const std::string& parent_socket);

// Main thread; what services() gives may be used from any thread once Place() has returned.
class Placements {
 public:
  // `tools.environment.need` is set by this. Adapters are made only where there is a front door.
  explicit Placements(PlacementTools tools, bool front_door = true);
  ~Placements();

  absl::Status Place(const PlacementPlan& plan);
  std::vector<const PlacedService*> services() const;
  // Every contract with its endpoint, wherever that runs.
  std::vector<run::Served> served() const;
  // What stands beside them at the front door.
  std::vector<PlacedAdapter> adapters() const;
  run::Readiness Ready() const;
  // In the reverse order. No more calls come.
  void Stop();

 private:
  rpc::Endpoint& Find(const rpc::Contract& contract) const;

  PlacementTools tools_;
  const bool front_door_;
  std::vector<std::unique_ptr<PlacedService>> services_;
};

}  // namespace starling::app

// One service where the configuration puts it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/app_config.h"
#include "app/channels.h"
#include "core/observe/log.h"
#include "core/observe/process_metrics.h"
#include "core/observe/registry.h"
#include "core/rpc/balanced_endpoint.h"
#include "core/run/resolver.h"
#include "core/run/service.h"
#include "core/run/supervisor.h"

namespace starling::app {

class PlacedService;

struct PlacedAdapter {
  std::string name;  // "registry/mlflow"
  const run::AdapterDefinition* definition;
  http::Adapter* adapter;
};

// What placing needs from the program. Everything outlives the placed services.
struct PlacementTools {
  run::Environment environment;
  async::Loop* control_loop;  // serves no requests: supervises children
  run::Spawner* spawner;
  Channels* channels;
  // Puts the policies that hold in every placement around an endpoint.
  std::function<std::unique_ptr<rpc::Endpoint>(const PlacedService& service, const rpc::Contract& contract,
                                               rpc::Endpoint& inner)>
      with_policies;
  std::function<void(const std::string& service, std::string_view line, pid_t pid)> child_line;
  std::function<void(observe::Level level, std::string_view event)> event;
  std::vector<std::string> own_command;  // starts this program as a child; the service's name is appended
  std::vector<std::pair<std::string, std::string>> own_environment;  // for every child
  observe::ProcessMetrics* processes;
  std::string socket_directory;
};

// Thread-safe but for Start and Stop, which are the main thread's.
class PlacedService {
 public:
  // FAILED_PRECONDITION if the placement does not suit the service, in one sentence for the operator.
  static absl::StatusOr<std::unique_ptr<PlacedService>> Place(const run::ServiceDefinition& definition,
                                                              const PlacementConfig& config,
                                                              const PlacementTools& tools);
  ~PlacedService();

  // The endpoint to call, policies included, for each contract of the definition.
  const std::vector<run::Served>& served() const { return served_; }
  // Other protocols that it speaks, for the front door; empty until MakeAdapters().
  std::vector<PlacedAdapter> adapters() const;
  absl::Status MakeAdapters(const PlacementTools& tools);
  const run::ServiceDefinition& definition() const { return definition_; }
  std::string mode() const;
  run::Readiness Ready() const;
  std::vector<run::ReplicaStatus> Replicas() const;
  // Under process placement, see Supervisor::Restart; FAILED_PRECONDITION under others.
  async::Task<absl::Status> Restart() const;
  const rpc::BalancedEndpoint* balanced() const { return balanced_.get(); }

  // No more calls come: ends children, then the implementation.
  void Stop();

 private:
  PlacedService(const run::ServiceDefinition& definition, PlacementMode mode)
      : definition_(definition), mode_(mode) {}
  absl::Status PlaceInline(const PlacementTools& tools);
  absl::Status PlaceProcess(const PlacementConfig& config, const PlacementTools& tools);
  absl::Status PlaceRemote(const PlacementConfig& config, const PlacementTools& tools);
  void Serve(const rpc::Contract& contract, rpc::Endpoint& inner, const PlacementTools& tools);

  const run::ServiceDefinition& definition_;
  const PlacementMode mode_;
  run::StateKind state_ = run::StateKind::kStateless;
  std::unique_ptr<run::Service> service_;
  std::unique_ptr<run::Supervisor> supervisor_;
  std::unique_ptr<rpc::BalancedEndpoint> balanced_;
  std::unique_ptr<run::Resolver> resolver_;
  observe::CallbackRegistration restarts_;
  std::vector<std::unique_ptr<rpc::Endpoint>> around_;  // checks and policies, outermost last
  std::vector<run::Served> served_;
  std::vector<std::unique_ptr<http::Adapter>> adapters_;  // in the order of the definition
};

// The word for it in the configuration.
std::string_view ModeName(PlacementMode mode);

// The mode that holds when the configuration says none.
PlacementMode DefaultMode(const run::ServiceDefinition& definition);

}  // namespace starling::app

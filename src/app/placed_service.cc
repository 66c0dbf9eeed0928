#include "app/placed_service.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/status.h"
#include "core/rpc/checked_endpoint.h"

namespace starling::app {
namespace {

bool MayHaveReplicas(run::StateKind state) { return state != run::StateKind::kSingleWriter; }

std::string HowToShare(const run::ServiceDefinition& definition) {
  return definition.shared_by.empty() ? "" : StrCat(" With ", definition.shared_by, " several may share it.");
}

rpc::BalancedOptions Balancing(const PlacementConfig& config) {
  rpc::BalancedOptions options;
  options.retry_ratio = config.retry_ratio;
  return options;
}

}  // namespace

std::string_view ModeName(PlacementMode mode) {
  switch (mode) {
    case PlacementMode::kInline:
      return "inline";
    case PlacementMode::kInlineChecked:
      return "inline-checked";
    case PlacementMode::kProcess:
      return "process";
    case PlacementMode::kRemote:
      return "remote";
    default:
      return "off";
  }
}

PlacementMode DefaultMode(const run::ServiceDefinition& definition) {
  if (definition.create) return PlacementMode::kInline;
  return definition.default_command.empty() ? PlacementMode::kOff : PlacementMode::kProcess;
}

absl::StatusOr<std::unique_ptr<PlacedService>> PlacedService::Place(const run::ServiceDefinition& definition,
                                                                    const PlacementConfig& config,
                                                                    const PlacementTools& tools) {
  const PlacementMode mode = config.mode == PlacementMode::kDefault ? DefaultMode(definition) : config.mode;
  std::unique_ptr<PlacedService> placed(new PlacedService(definition, mode));
  placed->state_ =
      definition.state_with ? definition.state_with(tools.environment.settings) : definition.state;
  switch (mode) {
    case PlacementMode::kProcess:
      RETURN_IF_ERROR(placed->PlaceProcess(config, tools));
      break;
    case PlacementMode::kRemote:
      RETURN_IF_ERROR(placed->PlaceRemote(config, tools));
      break;
    default:
      RETURN_IF_ERROR(placed->PlaceInline(tools));
  }
  return placed;
}

PlacedService::~PlacedService() { Stop(); }

void PlacedService::Serve(const rpc::Contract& contract, rpc::Endpoint& inner, const PlacementTools& tools) {
  around_.push_back(tools.with_policies(*this, contract, inner));
  served_.push_back({&contract, around_.back().get()});
}

absl::Status PlacedService::PlaceInline(const PlacementTools& tools) {
  if (!definition_.create) {
    return FailedPrecondition("Service ", definition_.name, " is a program in another language: placement.",
                              definition_.name, ".mode must be process, remote or off.");
  }
  ASSIGN_OR_RETURN(service_, definition_.create(tools.environment));
  for (const run::Served& served : service_->Serve()) {
    rpc::Endpoint* inner = served.endpoint;
    if (mode_ == PlacementMode::kInlineChecked) {
      around_.push_back(std::make_unique<rpc::CheckedEndpoint>(*inner));
      inner = around_.back().get();
    }
    Serve(*served.contract, *inner, tools);
  }
  return absl::OkStatus();
}

absl::Status PlacedService::PlaceProcess(const PlacementConfig& config, const PlacementTools& tools) {
  const std::string& name = definition_.name;
  if (config.replicas > 1 && !MayHaveReplicas(state_)) {
    return FailedPrecondition("Service ", name, " keeps its state in files of its own, so placement.", name,
                              ".replicas must be 1.", HowToShare(definition_));
  }
  run::SupervisedService service;
  service.name = name;
  service.replicas = static_cast<int>(config.replicas);
  service.command.command = !config.command.empty() ? config.command : definition_.default_command;
  if (service.command.command.empty()) {
    if (!definition_.create) {
      return FailedPrecondition("Service ", name, " needs the command line of its program in placement.",
                                name, ".command.");
    }
    service.command.command = tools.own_command;
    service.command.command.push_back(name);
  }
  service.command.working_directory = config.working_directory;
  service.command.environment = tools.own_environment;
  service.command.environment.insert(service.command.environment.end(), config.environment.begin(),
                                     config.environment.end());
  service.socket_directory = tools.socket_directory;
  service.options.start_timeout = config.start_timeout;
  service.options.stop_timeout = config.stop_timeout;
  service.options.probe_interval = config.probe_interval;
  service.balancing = Balancing(config);

  run::ReplicaHooks hooks;
  hooks.probe = [channels = tools.channels, contracts = definition_.contracts](RequestContext context,
                                                                               const std::string& address) {
    return channels->Probe(std::move(context), address, contracts);
  };
  hooks.log_line = [child_line = tools.child_line, name](std::string_view line, pid_t pid) {
    child_line(name, line, pid);
  };
  hooks.log_event = tools.event;
  hooks.process = [processes = tools.processes](const std::string& replica, pid_t pid, bool runs) {
    runs ? processes->AddChild(replica, pid) : processes->RemoveChild(replica, pid);
  };
  supervisor_ = std::make_unique<run::Supervisor>(
      *tools.control_loop, *tools.spawner, std::move(service),
      [channels = tools.channels](const std::string& address) { return channels->ToChild(address); },
      std::move(hooks));
  for (const rpc::Contract* contract : definition_.contracts)
    Serve(*contract, supervisor_->endpoint(), tools);
  restarts_ = tools.environment.metrics.AddCallback(
      {.name = "starling.child.restarts",
       .unit = "{restart}",
       .help = "Starts of a child process after its first.",
       .labels = {"starling.service", "starling.replica"},
       .buckets = {}},
      observe::MetricType::kCounter, [this](const observe::Report& report) {
        int replica = 0;
        for (const run::ReplicaStatus& status : supervisor_->Status()) {
          const std::string index = StrCat(replica++);
          report({definition_.name, index}, static_cast<double>(status.restarts));
        }
      });
  supervisor_->Start();
  return absl::OkStatus();
}

absl::Status PlacedService::PlaceRemote(const PlacementConfig& config, const PlacementTools& tools) {
  const std::string& name = definition_.name;
  if (config.targets.empty()) {
    return FailedPrecondition("Service ", name, " is remote: placement.", name,
                              ".targets must name its addresses.");
  }
  for (const std::string& target : config.targets) RETURN_IF_ERROR(run::CheckTarget(target));
  ASSIGN_OR_RETURN(const Channels::Connect connect, tools.channels->ToTargets(config));
  // The resolver alone changes the addresses, one set after the other, and connects to what is new among them.
  const auto hosts = std::make_shared<run::Addresses>();
  balanced_ = std::make_unique<rpc::BalancedEndpoint>(
      name, Balancing(config),
      [connect, hosts](const std::string& address) { return connect(address, (*hosts)[address]); });
  for (const rpc::Contract* contract : definition_.contracts) Serve(*contract, *balanced_, tools);
  resolver_ = std::make_unique<run::Resolver>(
      config.targets, config.resolve_interval,
      [endpoint = balanced_.get(), hosts](const run::Addresses& found) {
        *hosts = found;
        std::vector<std::string> addresses;
        for (const auto& [address, host] : found) addresses.push_back(address);
        endpoint->SetAddresses(addresses);
      },
      [event = tools.event, name](const absl::Status& status) {
        event(observe::Level::kWarning,
              StrCat(name, ": the addresses of its targets stay as they are: ", Message(status)));
      });
  return absl::OkStatus();
}

absl::Status PlacedService::MakeAdapters(const PlacementTools& tools) {
  const run::Environment& all = tools.environment;
  const run::AdapterEnvironment environment{
      all.settings, all.loops, all.metrics, [this](const rpc::Contract& contract) -> rpc::Endpoint& {
        const auto found = std::find_if(served_.begin(), served_.end(), [&](const run::Served& served) {
          return served.contract == &contract;
        });
        if (found == served_.end()) std::abort();  // an adapter asks for a contract of another service
        return *found->endpoint;
      }};
  for (const run::AdapterDefinition& adapter : definition_.adapters) {
    ASSIGN_OR_RETURN(auto made, adapter.create(environment));
    adapters_.push_back(std::move(made));
  }
  return absl::OkStatus();
}

std::vector<PlacedAdapter> PlacedService::adapters() const {
  std::vector<PlacedAdapter> all;
  for (size_t i = 0; i < adapters_.size(); ++i) {
    const run::AdapterDefinition& definition = definition_.adapters[i];
    all.push_back({StrCat(definition_.name, "/", definition.name), &definition, adapters_[i].get()});
  }
  return all;
}

std::string PlacedService::mode() const { return std::string(ModeName(mode_)); }

run::Readiness PlacedService::Ready() const {
  if (service_ != nullptr) return service_->Ready();
  // What is remote is not asked: readiness of this program must not depend on others.
  if (supervisor_ == nullptr) return {};
  std::string reason;
  for (const run::ReplicaStatus& replica : supervisor_->Status()) {
    if (replica.state == run::ReplicaState::kServing) return {};
    if (!replica.last_failure.empty()) reason = replica.last_failure;
  }
  return {false, reason.empty() ? "its process is starting" : "its process " + reason};
}

std::vector<run::ReplicaStatus> PlacedService::Replicas() const {
  return supervisor_ != nullptr ? supervisor_->Status() : std::vector<run::ReplicaStatus>();
}

async::Task<absl::Status> PlacedService::Restart() const {
  const std::string& name = definition_.name;
  if (supervisor_ == nullptr) {
    co_return FailedPrecondition("Service ", name, " is placed ", mode(),
                                 ": this program has no child of it to restart.");
  }
  if (!MayHaveReplicas(state_)) {
    co_return FailedPrecondition("Service ", name,
                                 " keeps its state in files of its own, so two of it cannot run beside "
                                 "each other: restart the whole program.");
  }
  co_return co_await supervisor_->Restart();
}

void PlacedService::Stop() {
  restarts_ = observe::CallbackRegistration();
  if (supervisor_ != nullptr) supervisor_->Stop();
  resolver_.reset();
}

}  // namespace starling::app

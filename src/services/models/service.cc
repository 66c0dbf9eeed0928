#include "services/models/service.h"

#include <memory>
#include <utility>

#include "base/status.h"
#include "core/config/schema.h"
#include "services/models/config.h"
#include "services/models/model_repository.h"
#include "services/models/models_api.h"
#include "services/models/oip/open_inference_contract.h"
#include "services/models/oip/open_inference_endpoint.h"
#include "services/models/oip/rest_adapter.h"
#include "services/models/oip/rest_routes.h"

namespace starling::models {
namespace {

class Service final : public run::Service {
 public:
  Service(std::unique_ptr<ModelRepository> repository, const ModelsConfig& config)
      : repository_(std::move(repository)),
        api_(*repository_, config.max_texts),
        dispatcher_(api_),
        open_inference_(*repository_, config.shared_memory_prefix) {
    repository_->Start();
  }

  std::vector<run::Served> Serve() override {
    return {{&v1::ModelsServiceContract(), &dispatcher_}, {&oip::OpenInferenceContract(), &open_inference_}};
  }

  run::Readiness Ready() const override {
    std::string why = repository_->WhyNotReady();
    return {why.empty(), std::move(why)};
  }

 private:
  std::unique_ptr<ModelRepository> repository_;
  ModelsApi api_;
  v1::ModelsServiceDispatcher dispatcher_;
  oip::OpenInferenceEndpoint open_inference_;
};

absl::StatusOr<std::unique_ptr<run::Service>> Create(const run::Environment& environment) {
  const auto& config = environment.settings.Get<ModelsConfig>("models");
  RepositoryOptions options;
  options.packages = config.packages;
  options.repositories = config.repository;
  options.mode = config.mode;
  options.load = config.load;
  options.poll_interval = config.poll_interval;
  options.response_cache_bytes = static_cast<size_t>(config.response_cache);
  options.permissions.commands = config.allow_commands;
  options.memory_budget_bytes = static_cast<size_t>(config.memory_budget);
  ASSIGN_OR_RETURN(auto repository, ModelRepository::Open(std::move(options), environment.runtimes,
                                                          environment.metrics, MakeBertTokenizer));
  return std::make_unique<Service>(std::move(repository), config);
}

run::AdapterDefinition OpenInferenceAdapter() {
  run::AdapterDefinition adapter;
  adapter.name = "open-inference";
  adapter.title = "Open Inference";
  adapter.summary = "The Open Inference Protocol v2 with Triton's extensions.";
  adapter.error_schema = R"({"type":"object","properties":{"error":{"type":"string"}},"required":["error"]})";
  adapter.prefixes = {"/v2"};
  adapter.routes = oip::RestRoutes();
  adapter.create =
      [](const run::AdapterEnvironment& environment) -> absl::StatusOr<std::unique_ptr<http::Adapter>> {
    return std::make_unique<oip::RestAdapter>(environment.endpoint(oip::OpenInferenceContract()));
  };
  return adapter;
}

}  // namespace

run::ServiceDefinition Definition() {
  run::ServiceDefinition definition;
  definition.name = "models";
  definition.summary = "Loads models and runs them.";
  definition.state = run::StateKind::kStateless;
  definition.contracts = {&v1::ModelsServiceContract(), &oip::OpenInferenceContract()};
  definition.adapters = {OpenInferenceAdapter()};
  definition.declare_settings = DeclareSettings;
  definition.create = Create;
  return definition;
}

}  // namespace starling::models

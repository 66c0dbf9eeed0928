#include "services/models/service.h"

#include <memory>
#include <utility>

#include "base/status.h"
#include "core/config/schema.h"
#include "services/models/config.h"
#include "services/models/model_repository.h"
#include "services/models/models_api.h"

namespace starling::models {
namespace {

class Service final : public run::Service {
 public:
  Service(std::unique_ptr<ModelRepository> repository, int64_t max_texts)
      : repository_(std::move(repository)), api_(*repository_, max_texts), dispatcher_(api_) {
    repository_->Start();
  }

  std::vector<run::Served> Serve() override { return {{&v1::ModelsServiceContract(), &dispatcher_}}; }

  run::Readiness Ready() const override {
    std::string why = repository_->WhyNotReady();
    return {why.empty(), std::move(why)};
  }

 private:
  std::unique_ptr<ModelRepository> repository_;
  ModelsApi api_;
  v1::ModelsServiceDispatcher dispatcher_;
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
  options.memory_budget_bytes = static_cast<size_t>(config.memory_budget);
  ASSIGN_OR_RETURN(auto repository, ModelRepository::Open(std::move(options), environment.runtimes,
                                                          environment.metrics, MakeBertTokenizer));
  return std::make_unique<Service>(std::move(repository), config.max_texts);
}

}  // namespace

run::ServiceDefinition Definition() {
  run::ServiceDefinition definition;
  definition.name = "models";
  definition.summary = "Loads models and runs them.";
  definition.state = run::StateKind::kStateless;
  definition.contracts = {&v1::ModelsServiceContract()};
  definition.declare_settings = DeclareSettings;
  definition.create = Create;
  return definition;
}

}  // namespace starling::models

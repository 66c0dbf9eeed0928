#include "services/models/service.h"

#include <memory>
#include <utility>

#include "base/status.h"
#include "core/config/schema.h"
#include "services/models/config.h"
#include "services/models/model_catalog.h"
#include "services/models/models_api.h"

namespace starling::models {
namespace {

class Service final : public run::Service {
 public:
  Service(std::unique_ptr<ModelCatalog> catalog, int64_t max_texts)
      : catalog_(std::move(catalog)), api_(*catalog_, max_texts), dispatcher_(api_) {
    catalog_->Start();
  }

  std::vector<run::Served> Serve() override { return {{&v1::ModelsServiceContract(), &dispatcher_}}; }

  run::Readiness Ready() const override {
    std::string why = catalog_->WhyNotReady();
    return {why.empty(), std::move(why)};
  }

 private:
  std::unique_ptr<ModelCatalog> catalog_;
  ModelsApi api_;
  v1::ModelsServiceDispatcher dispatcher_;
};

absl::StatusOr<std::unique_ptr<run::Service>> Create(const run::Environment& environment) {
  const auto& config = environment.settings.Get<ModelsConfig>("models");
  ASSIGN_OR_RETURN(auto catalog, ModelCatalog::Open(config.packages, environment.runtimes,
                                                    environment.metrics, MakeBertTokenizer));
  return std::make_unique<Service>(std::move(catalog), config.max_texts);
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

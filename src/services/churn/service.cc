#include "services/churn/service.h"

#include <memory>
#include <utility>

#include "base/status.h"
#include "core/config/schema.h"
#include "services/churn/config.h"
#include "services/churn/predictor.h"

namespace starling::churn {
namespace {

class Service final : public run::Service {
 public:
  Service(const run::Environment& environment, const ChurnConfig& config)
      : models_(environment.need(models::v1::ModelsServiceContract())),
        predictor_(config, models_),
        dispatcher_(predictor_) {}

  std::vector<run::Served> Serve() override { return {{&v1::ChurnServiceContract(), &dispatcher_}}; }

 private:
  models::v1::ModelsServiceStub models_;
  Predictor predictor_;
  v1::ChurnServiceDispatcher dispatcher_;
};

absl::StatusOr<std::unique_ptr<run::Service>> Create(const run::Environment& environment) {
  const auto& config = environment.settings.Get<ChurnConfig>("churn");
  if (config.high_from < config.medium_from) {
    return InvalidArgument("churn.high_from (", config.high_from, ") must not be below churn.medium_from (",
                           config.medium_from, ").");
  }
  return std::make_unique<Service>(environment, config);
}

}  // namespace

run::ServiceDefinition Definition() {
  return {
      .name = "churn",
      .summary = "Says how likely a customer is to leave, and why.",
      .state = run::StateKind::kStateless,
      .contracts = {&v1::ChurnServiceContract()},
      .needs = {"models"},
      .declare_settings = DeclareSettings,
      .create = Create,
      .default_command = {},
  };
}

}  // namespace starling::churn

#include "services/fraud/service.h"

#include <memory>
#include <utility>

#include "base/status.h"
#include "core/config/schema.h"
#include "services/fraud/config.h"
#include "services/fraud/scorer.h"

namespace starling::fraud {
namespace {

class Service final : public run::Service {
 public:
  Service(const run::Environment& environment, const FraudConfig& config)
      : models_(environment.need(models::v1::ModelsServiceContract())),
        scorer_(config, models_),
        dispatcher_(scorer_) {}

  std::vector<run::Served> Serve() override { return {{&v1::FraudServiceContract(), &dispatcher_}}; }

 private:
  models::v1::ModelsServiceStub models_;
  Scorer scorer_;
  v1::FraudServiceDispatcher dispatcher_;
};

absl::StatusOr<std::unique_ptr<run::Service>> Create(const run::Environment& environment) {
  const auto& config = environment.settings.Get<FraudConfig>("fraud");
  if (config.decline_from < config.review_from) {
    return InvalidArgument("fraud.decline_from (", config.decline_from,
                           ") must not be below fraud.review_from (", config.review_from, ").");
  }
  return std::make_unique<Service>(environment, config);
}

}  // namespace

run::ServiceDefinition Definition() {
  return {
      .name = "fraud",
      .summary = "Says how likely a card transaction is fraud, and why.",
      .state = run::StateKind::kStateless,
      .contracts = {&v1::FraudServiceContract()},
      .needs = {"models"},
      .declare_settings = DeclareSettings,
      .create = Create,
      .default_command = {},
  };
}

}  // namespace starling::fraud

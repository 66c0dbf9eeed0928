#include "services/sentiment/service.h"

#include <memory>
#include <utility>

#include "core/config/schema.h"
#include "services/sentiment/analyzer.h"
#include "services/sentiment/config.h"

namespace starling::sentiment {
namespace {

class Service final : public run::Service {
 public:
  explicit Service(const run::Environment& environment)
      : models_(environment.need(models::v1::ModelsServiceContract())),
        analyzer_(environment.settings.Get<SentimentConfig>("sentiment"), models_),
        dispatcher_(analyzer_) {}

  std::vector<run::Served> Serve() override { return {{&v1::SentimentServiceContract(), &dispatcher_}}; }

 private:
  models::v1::ModelsServiceStub models_;
  Analyzer analyzer_;
  v1::SentimentServiceDispatcher dispatcher_;
};

}  // namespace

run::ServiceDefinition Definition() {
  return {
      .name = "sentiment",
      .summary = "Says of texts whether they are positive, negative or neutral.",
      .state = run::StateKind::kStateless,
      .contracts = {&v1::SentimentServiceContract()},
      .needs = {"models"},
      .declare_settings = DeclareSettings,
      .create = [](const run::Environment& environment) -> absl::StatusOr<std::unique_ptr<run::Service>> {
        return std::make_unique<Service>(environment);
      },
      .default_command = {},
  };
}

}  // namespace starling::sentiment

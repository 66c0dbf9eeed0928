#include "services/images/service.h"

#include <memory>
#include <utility>

#include "core/config/schema.h"
#include "services/images/classifier.h"
#include "services/images/config.h"
#include "services/images/http_adapter.h"

namespace starling::images {
namespace {

class Service final : public run::Service {
 public:
  explicit Service(const run::Environment& environment)
      : models_(environment.need(models::v1::ModelsServiceContract())),
        classifier_(environment.settings.Get<ImagesConfig>("images"), environment.image_decoders, models_),
        dispatcher_(classifier_) {}

  std::vector<run::Served> Serve() override { return {{&v1::ImagesServiceContract(), &dispatcher_}}; }

 private:
  models::v1::ModelsServiceStub models_;
  Classifier classifier_;
  v1::ImagesServiceDispatcher dispatcher_;
};

}  // namespace

run::ServiceDefinition Definition() {
  return {
      .name = "images",
      .summary = "Says what is on an image.",
      .state = run::StateKind::kStateless,
      .contracts = {&v1::ImagesServiceContract()},
      .needs = {"models"},
      .adapters = {HttpAdapter()},
      .declare_settings = DeclareSettings,
      .create = [](const run::Environment& environment) -> absl::StatusOr<std::unique_ptr<run::Service>> {
        return std::make_unique<Service>(environment);
      },
      .default_command = {},
  };
}

}  // namespace starling::images

#include "services/churn/config.h"

#include "core/config/declaration.h"
#include "core/config/schema.h"

namespace starling::churn {
namespace {

void Declare(config::Declaration<ChurnConfig>& d) {
  d.String("model", &ChurnConfig::model)
      .Text(
          "Name of the model, as the models service knows it. It must read the features that the service "
          "makes.");
  d.Double("medium_from", &ChurnConfig::medium_from)
      .Min(0)
      .Max(1)
      .Text("Probability from which the risk is medium.");
  d.Double("high_from", &ChurnConfig::high_from)
      .Min(0)
      .Max(1)
      .Text("Probability from which the risk is high.");
  d.Int("reasons", &ChurnConfig::reasons).Min(0).Max(100).Text("Most reasons in one answer.");
}

}  // namespace

void DeclareSettings(config::Schema& schema) { schema.Add("churn", Declare); }

}  // namespace starling::churn

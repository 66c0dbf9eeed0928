#include "services/fraud/config.h"

#include "core/config/declaration.h"
#include "core/config/schema.h"

namespace starling::fraud {
namespace {

void Declare(config::Declaration<FraudConfig>& d) {
  d.String("model", &FraudConfig::model)
      .Text(
          "Name of the model, as the models service knows it. It must read the features that the service "
          "makes.");
  d.Double("review_from", &FraudConfig::review_from)
      .Min(0)
      .Max(1)
      .Text("Score from which a transaction is reviewed by people.");
  d.Double("decline_from", &FraudConfig::decline_from)
      .Min(0)
      .Max(1)
      .Text("Score from which a transaction is declined.");
  d.Int("reasons", &FraudConfig::reasons).Min(0).Max(100).Text("Most reasons in one answer.");
}

}  // namespace

void DeclareSettings(config::Schema& schema) { schema.Add("fraud", Declare); }

}  // namespace starling::fraud

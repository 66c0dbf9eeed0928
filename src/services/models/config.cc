#include "services/models/config.h"

#include "core/config/declaration.h"
#include "core/config/schema.h"

namespace starling::models {
namespace {

void Declare(config::Declaration<ModelsConfig>& d) {
  d.StringList("packages", &ModelsConfig::packages)
      .Text(
          "Folders of the model packages to load, each with a model.yaml; relative to the working "
          "directory.");
  d.Int("max_texts", &ModelsConfig::max_texts)
      .Min(1)
      .Max(1000000)
      .Text("Most texts in one request of ClassifyText.");
}

}  // namespace

void DeclareSettings(config::Schema& schema) { schema.Add("models", Declare); }

}  // namespace starling::models

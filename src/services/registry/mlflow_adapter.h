// MLflow's REST API, so that its clients work against the registry unchanged.
#pragma once

#include "core/run/service.h"

namespace starling::registry {

run::AdapterDefinition MlflowAdapterDefinition();

}  // namespace starling::registry

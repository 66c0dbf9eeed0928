#pragma once

#include "core/run/service.h"

namespace starling::churn {

// The service's line in src/app/services.def.
run::ServiceDefinition Definition();

}  // namespace starling::churn

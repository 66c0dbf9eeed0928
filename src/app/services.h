#pragma once

#include <vector>

#include "core/run/service.h"

namespace starling::app {

// The services of services.def.
std::vector<run::ServiceDefinition> BuiltInServices();

}  // namespace starling::app

#pragma once

#include "core/run/service.h"

namespace starling::images {

// The service's line in src/app/services.def.
run::ServiceDefinition Definition();

}  // namespace starling::images

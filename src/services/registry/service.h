#pragma once

#include "core/run/service.h"

namespace starling::registry {

run::ServiceDefinition Definition();

}  // namespace starling::registry

// What the models service says of itself to the program.
#pragma once

#include "core/run/service.h"

namespace starling::models {

run::ServiceDefinition Definition();

}  // namespace starling::models

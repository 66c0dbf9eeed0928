// The whole program as one call: what a program outside this repository links to serve its own services.
#pragma once

#include <vector>

#include "core/run/service.h"

namespace starling::app {

// Reads the arguments, does what they say with these services, and returns the exit code. On the main thread.
int Main(int argc, char** argv, std::vector<run::ServiceDefinition> services);

}  // namespace starling::app

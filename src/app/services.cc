#include "app/services.h"

// The one function of each service that this file calls is declared here instead of included, so that a service's line in
// services.def is all that the program needs.
#define STARLING_SERVICE(name)         \
  namespace starling::name {           \
  run::ServiceDefinition Definition(); \
  }
#include "app/services.def"
#undef STARLING_SERVICE

namespace starling::app {

std::vector<run::ServiceDefinition> BuiltInServices() {
  std::vector<run::ServiceDefinition> services;
#define STARLING_SERVICE(name) services.push_back(starling::name::Definition());
#include "app/services.def"
#undef STARLING_SERVICE
  return services;
}

}  // namespace starling::app

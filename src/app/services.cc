#include "app/services.h"

#include "services/models/service.h"
#include "services/sentiment/service.h"
#include "services/spam/service.h"
#include "services/textstats/service.h"

namespace starling::app {

std::vector<run::ServiceDefinition> BuiltInServices() {
  std::vector<run::ServiceDefinition> services;
#define STARLING_SERVICE(name) services.push_back(starling::name::Definition());
#include "app/services.def"
#undef STARLING_SERVICE
  return services;
}

}  // namespace starling::app

#include "services/spam/service.h"

#include "starling/spam/v1/spam.starling.h"

namespace starling::spam {

// The contract alone: its implementation is a program in another language, which the configuration names.
run::ServiceDefinition Definition() {
  return {
      .name = "spam",
      .summary = "Tells spam from ordinary messages; a program in Python.",
      .state = run::StateKind::kStateless,
      .contracts = {&v1::SpamServiceContract()},
      .needs = {},
      .declare_settings = nullptr,
      .create = nullptr,
      .default_command = {},
  };
}

}  // namespace starling::spam

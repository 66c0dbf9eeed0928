#include "services/textstats/service.h"

#include "starling/textstats/v1/textstats.starling.h"

namespace starling::textstats {

// The contract alone: its implementation is a program in another language, which the configuration names.
run::ServiceDefinition Definition() {
  return {
      .name = "textstats",
      .summary = "Counts what is in a text; a program in Go.",
      .state = run::StateKind::kStateless,
      .contracts = {&v1::TextStatsServiceContract()},
      .needs = {},
      .declare_settings = nullptr,
      .create = nullptr,
      .default_command = {},
  };
}

}  // namespace starling::textstats

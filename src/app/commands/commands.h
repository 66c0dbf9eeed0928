// The commands that print something and end.
#pragma once

#include <vector>

#include "app/commands/command_line.h"
#include "core/config/schema.h"
#include "core/run/service.h"

namespace starling::app {

// Every section of settings: the program's own and each service's.
config::Schema MakeSchema(const std::vector<run::ServiceDefinition>& services);

// All but serve, check-config and openapi. Returns the exit code.
int RunCommand(const CommandLine& line, const std::vector<run::ServiceDefinition>& services,
               const config::Schema& schema);

// Prints what GET /openapi.json would answer.
int PrintOpenApi(const CommandLine& line, const std::vector<run::ServiceDefinition>& services,
                 const config::Values& settings);

// What can be known without starting: settings, placements, needs. Prints what holds.
int CheckConfig(const CommandLine& line, const std::vector<run::ServiceDefinition>& services,
                const config::Schema& schema, const config::Values& settings);

}  // namespace starling::app

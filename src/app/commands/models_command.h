// The command `models`: what a running server serves.
#pragma once

#include "app/app_config.h"
#include "app/commands/command_line.h"

namespace starling::app {

// Asks the server of `line`, or the admin listener of `server`, and prints what it says; one sentence and 1 if nobody answers or it
// refuses. Returns the exit code.
int PrintModels(const CommandLine& line, const ServerConfig& server);

}  // namespace starling::app

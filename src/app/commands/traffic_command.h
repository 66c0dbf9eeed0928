// `starling traffic`: rules on aliases, from the command line.
#pragma once

#include "app/commands/traffic_arguments.h"

namespace starling::app {

// Asks the server and prints a table. The exit code: 1 if it was refused, with its sentence on standard error.
int RunTraffic(const TrafficArguments& arguments);

}  // namespace starling::app

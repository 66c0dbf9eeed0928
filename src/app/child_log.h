#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "app/commands/command_line.h"

namespace starling::app {

// One line of a child's output as a line of our log (docs/other-languages.md, section 7).
void LogChildLine(const std::string& service, std::string_view line, pid_t pid);

// The command line that starts this program as one service of its own, without the service's name at the end: same
// configuration, same settings.
std::vector<std::string> OwnCommand(const CommandLine& line);

}  // namespace starling::app

#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/commands/traffic_arguments.h"

namespace starling::app {

enum class Command {
  kServe,
  kCheckConfig,
  kPrintConfigSchema,
  kPrintConfigReference,
  kListTargets,
  kListRoutes,
  kOpenApi,
  kMakeApiKey,
  kTraffic,
  kModels,
  kVersion,
  kDone,  // help was asked for and printed, or the arguments were wrong and that was said: leave with `exit_code`
};

struct CommandLine {
  Command command = Command::kDone;
  int exit_code = 0;
  std::string program;               // path of this program, to start children with
  std::string config_file;           // empty: defaults
  std::vector<std::string> set;      // "key.path=value", in order
  std::vector<std::string> targets;  // empty: all services
  std::string child_service;         // set by a parent: serve this one service on STARLING_SOCKET
  std::string key_name;              // for kMakeApiKey
  std::vector<std::string> key_scopes;
  TrafficArguments traffic;     // for kTraffic
  ServerAddress models_server;  // for kModels; without an address: the admin listener of the configuration
  bool models_json = false;
};

// Reads the arguments; prints help or what is wrong with them.
CommandLine ParseCommandLine(int argc, char** argv);

}  // namespace starling::app

// What `starling traffic` is told.
#pragma once

#include <string>
#include <vector>

#include "app/commands/server_client.h"

namespace CLI {
class App;
}

namespace starling::app {

struct TrafficArguments {
  ServerAddress server;
  std::string action;  // "set", "get", "delete", "history", "promote", "rollback"
  std::string target;  // "fraud@champion"; for "get" empty: all rules
  std::string reason;
  std::string version;  // to promote; empty: the only one there is
  std::string stable;
  std::vector<std::string> weights;  // "2=10"
  std::string shadow;                // "2=100" or "2"
  double absolute_tolerance = 0, relative_tolerance = 0;
  bool sticky_by_caller = false;
  double window_s = 0;
  std::vector<std::string> roll_back, promote;  // "min_requests=100"
};

// The actions and their options.
void AddTrafficCommand(CLI::App* command, TrafficArguments* arguments);

}  // namespace starling::app

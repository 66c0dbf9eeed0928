// What is said of a rule: to callers, in the history and in the log.
#pragma once

#include <string>
#include <string_view>

#include "services/models/traffic/active_rule.h"
#include "services/models/traffic/trial.h"

namespace starling::models {

// `trial`: null if the stable version is not on trial.
v1::TrafficState StateOf(const ActiveRule& rule, const Trial* trial, MonotonicTime now);

// "set", "deleted", "promoted", "rolled_back"
std::string_view KindName(v1::TrafficMoveKind kind);

// In a few words: "stable 1, 2 with 10%, shadow 3".
std::string Describe(const v1::TrafficRule& rule);

}  // namespace starling::models

// What an operator may change of this process's logs and traces while it runs. Until then what the configuration says holds.
#pragma once

#include <optional>

#include "core/observe/log.h"

namespace starling::observe {

// Lines below it are not made; nullopt: the configuration's level again. Any thread.
void SetLiveLogLevel(std::optional<Level> level);
std::optional<Level> LiveLogLevel();

// The share of the traces begun here that is sampled; nullopt: the configuration's again. Any thread.
void SetLiveTraceRatio(std::optional<double> ratio);
std::optional<double> LiveTraceRatio();
// What the configuration says; called once, by the program's start.
void SetConfiguredTraceRatio(double ratio);
double ConfiguredTraceRatio();

// What holds now: as set, or as configured.
Level CurrentLogLevel();

}  // namespace starling::observe

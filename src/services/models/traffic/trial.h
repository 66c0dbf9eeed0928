// A version that was promoted is on trial for a window: what is kept of that, and what is left of it after a restart. Plain functions:
// no clock, no store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "services/models/traffic/arm_window.h"
#include "services/models/traffic/traffic_rule.h"

namespace starling::models {

struct Trial {
  v1::TrafficTrial stored;
  ArmFigures baseline;  // what the version is compared with
  MonotonicTime ends;
};

v1::TrafficArm ArmOf(const std::string& version, const ArmFigures& figures);
ArmFigures FiguresOf(const v1::TrafficArm& arm);  // of what ArmOf made

v1::TrafficTrial NewTrial(const std::string& before, const ArmFigures& baseline, int64_t now_ms);

// The trial of a rule that comes from the store, if it has one. It goes on, with the begin that it had; one whose end passed while
// nobody was there to watch begins again, so that no version is taken as good without having been tried. `own`: what this program
// itself observed of the version before; the baseline is whichever of the two says more.
std::optional<Trial> ResumeTrial(const StoredRule& rule, const ArmFigures& own, MonotonicTime now,
                                 int64_t now_ms);

}  // namespace starling::models

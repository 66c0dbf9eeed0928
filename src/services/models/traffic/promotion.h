// What a rule makes of the figures of a version: it stays, goes back or is promoted.
#pragma once

#include <string>

#include "services/models/traffic/arm_window.h"
#include "starling/models/v1/traffic.pb.h"

namespace starling::models {

enum class Verdict { kStay, kRollBack, kPromote };

struct Judgement {
  Verdict verdict = Verdict::kStay;
  std::string why;  // with the figures
};

// `is_full`: it was watched for a whole window. Going back comes first. A version is compared by latency only when the stable one
// has requests enough itself. One that serves no request and is no shadow's either has no figures and stays.
Judgement Judge(const v1::TrafficRule& rule, const std::string& version, const ArmFigures& candidate,
                const ArmFigures& stable, bool is_full);

}  // namespace starling::models

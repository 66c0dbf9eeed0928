#include "services/models/traffic/traffic_state.h"

#include "base/strings.h"

namespace starling::models {
namespace {

void Fill(const TrafficArmState& arm, const StoredRule& stored, MonotonicTime now, v1::TrafficArm* filled) {
  const ArmFigures figures = arm.window.Figures(now);
  filled->set_version(arm.version);
  filled->set_percent(stored.split.SlotsOf(arm.version) * 100.0 / TrafficSplit::kSlots);
  filled->set_requests(figures.requests);
  filled->set_failures(figures.failures);
  filled->set_abandoned(figures.abandoned);
  filled->set_latency_mean_ms(figures.mean_s * 1000);
  filled->set_latency_p99_ms(figures.p99_s * 1000);
  filled->set_compared(figures.compared);
  filled->set_differing(figures.differing);
}

}  // namespace

v1::TrafficState StateOf(const ActiveRule& rule, MonotonicTime now) {
  const StoredRule& stored = rule.stored();
  v1::TrafficState state;
  state.set_model(stored.model);
  state.set_alias(stored.alias);
  *state.mutable_rule() = stored.rule;
  state.set_revision(stored.revision);
  Fill(rule.stable(), stored, now, state.add_arms());
  for (const std::string& version : CandidatesOf(stored.rule))
    Fill(rule.Arm(version), stored, now, state.add_arms());
  return state;
}

std::string_view KindName(v1::TrafficMoveKind kind) {
  switch (kind) {
    case v1::TRAFFIC_MOVE_KIND_SET:
      return "set";
    case v1::TRAFFIC_MOVE_KIND_DELETED:
      return "deleted";
    case v1::TRAFFIC_MOVE_KIND_PROMOTED:
      return "promoted";
    case v1::TRAFFIC_MOVE_KIND_ROLLED_BACK:
      return "rolled_back";
    default:
      return "unknown";
  }
}

std::string Describe(const v1::TrafficRule& rule) {
  std::string text = StrCat("stable ", rule.stable());
  for (const v1::TrafficWeight& weight : rule.weights())
    StrAppend(&text, ", ", weight.version(), " with ", weight.percent(), "%");
  if (rule.has_shadow()) StrAppend(&text, ", shadow ", rule.shadow().version());
  return text;
}

}  // namespace starling::models

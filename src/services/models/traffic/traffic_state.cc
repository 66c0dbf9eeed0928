#include "services/models/traffic/traffic_state.h"

#include "base/strings.h"

namespace starling::models {
namespace {

v1::TrafficArm StateOf(const TrafficArmState& arm, const StoredRule& stored, MonotonicTime now) {
  v1::TrafficArm state = ArmOf(arm.version, arm.window.Figures(now));
  state.set_percent(stored.split.SlotsOf(arm.version) * 100.0 / TrafficSplit::kSlots);
  return state;
}

}  // namespace

v1::TrafficState StateOf(const ActiveRule& rule, const Trial* trial, MonotonicTime now) {
  const StoredRule& stored = rule.stored();
  v1::TrafficState state;
  state.set_model(stored.model);
  state.set_alias(stored.alias);
  *state.mutable_rule() = stored.rule;
  state.set_revision(stored.revision);
  *state.add_arms() = StateOf(rule.stable(), stored, now);
  for (const std::string& version : CandidatesOf(stored.rule))
    *state.add_arms() = StateOf(rule.Arm(version), stored, now);
  if (trial != nullptr) *state.mutable_trial() = trial->stored;
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

#include "services/models/traffic/active_rule.h"

#include <cmath>
#include <utility>

#include "base/strings.h"

namespace starling::models {

TrafficMetrics::TrafficMetrics(observe::Registry& registry)
    : requests(registry.Counters(
          {.name = "starling.models.traffic.requests",
           .unit = "{request}",
           .help = "Requests for an alias with a traffic rule, by the version that ran them.",
           .labels = {"model", "alias", "version", "result"}})),
      shadows(registry.Counters({.name = "starling.models.shadow.requests",
                                 .unit = "{request}",
                                 .help = "Requests mirrored to a shadow, by what came of it.",
                                 .labels = {"model", "alias", "version", "result"}})),
      moves(registry.Counters({.name = "starling.models.traffic.moves",
                               .unit = "{move}",
                               .help = "Changes of traffic rules: set, deleted, promoted, rolled back.",
                               .labels = {"model", "alias", "kind"}})) {}

TrafficArmState::TrafficArmState(const StoredRule& rule, std::string_view name, MonotonicTime now,
                                 TrafficMetrics& metrics)
    : version(name),
      window(WindowOf(rule.rule), now),
      answered(metrics.requests.With({rule.model, rule.alias, name, "ok"})),
      failed(metrics.requests.With({rule.model, rule.alias, name, "error"})),
      agreed(metrics.shadows.With({rule.model, rule.alias, name, "agreed"})),
      differed(metrics.shadows.With({rule.model, rule.alias, name, "differed"})),
      shadow_failed(metrics.shadows.With({rule.model, rule.alias, name, "error"})),
      dropped(metrics.shadows.With({rule.model, rule.alias, name, "dropped"})) {}

ActiveRule::ActiveRule(StoredRule stored, const ActiveRule* before, MonotonicTime now,
                       TrafficMetrics& metrics)
    : stored_(std::move(stored)),
      salt_(StrCat(stored_.model, "@", stored_.alias)),
      tolerance_{rule().shadow().absolute_tolerance(), rule().shadow().relative_tolerance()},
      shadow_slots_(static_cast<int>(std::lround(rule().shadow().percent() * TrafficSplit::kSlots / 100))) {
  const auto arm = [&](const std::string& version) {
    auto& added = arms_[version];
    if (added != nullptr) return added;
    const auto known = before == nullptr ? arms_.end() : before->arms_.find(version);
    const bool goes_on = before != nullptr && known != before->arms_.end();
    added = goes_on ? known->second : std::make_shared<TrafficArmState>(stored_, version, now, metrics);
    return added;
  };
  stable_ = arm(rule().stable());
  for (const std::string& version : CandidatesOf(rule())) arm(version);
  if (rule().has_shadow()) shadow_ = arm(rule().shadow().version());
}

TrafficArmState& ActiveRule::At(int slot) const { return Arm(stored_.split.VersionAt(slot)); }

int ActiveRule::SlotFor(std::string_view key) const {
  return key.empty() ? NextSlot(keyless_) : SlotOf(salt_, key);
}

bool ActiveRule::TakesShadow() const { return shadow_ != nullptr && NextSlot(shadowed_) < shadow_slots_; }

}  // namespace starling::models

// ActiveRule: a rule at work, with what is observed of its versions.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/context/request_context.h"
#include "core/observe/registry.h"
#include "services/models/traffic/arm_window.h"
#include "services/models/traffic/tensor_difference.h"
#include "services/models/traffic/traffic_rule.h"

namespace starling::models {

// Handles for the requests under rules.
class TrafficMetrics {
 public:
  explicit TrafficMetrics(observe::Registry& registry);

  observe::CounterFamily& requests;  // model, alias, version, result
  observe::CounterFamily& shadows;   // model, alias, version, result
  observe::CounterFamily& moves;     // model, alias, kind
};

// One version of a rule. Thread-safe.
struct TrafficArmState {
  TrafficArmState(const StoredRule& rule, std::string_view version, MonotonicTime now,
                  TrafficMetrics& metrics);

  const std::string version;
  ArmWindow window;
  const observe::Counter answered, failed;
  const observe::Counter agreed, differed, shadow_failed, dropped;
};

// Never changes but for its windows. Thread-safe.
class ActiveRule {
 public:
  // `before`: windows of versions that are in both go on; may be null.
  ActiveRule(StoredRule stored, const ActiveRule* before, MonotonicTime now, TrafficMetrics& metrics);

  const StoredRule& stored() const { return stored_; }
  const v1::TrafficRule& rule() const { return stored_.rule; }
  TrafficArmState& stable() const { return *stable_; }
  TrafficArmState* shadow() const { return shadow_.get(); }  // null: there is none
  const Tolerance& tolerance() const { return tolerance_; }
  // The version that serves a slot.
  TrafficArmState& At(int slot) const;
  TrafficArmState& Arm(std::string_view version) const { return *arms_.find(version)->second; }

  // Where a request goes. An empty key: to any version, in the proportions of the weights.
  int SlotFor(std::string_view key) const;
  // Whether the shadow gets this one.
  bool TakesShadow() const;

 private:
  const StoredRule stored_;
  const std::string salt_;
  const Tolerance tolerance_;
  const int shadow_slots_;
  std::map<std::string, std::shared_ptr<TrafficArmState>, std::less<>> arms_;
  std::shared_ptr<TrafficArmState> stable_;
  std::shared_ptr<TrafficArmState> shadow_;
  mutable std::atomic<uint32_t> keyless_{0}, shadowed_{0};
};

}  // namespace starling::models

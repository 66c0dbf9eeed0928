#include "services/models/traffic/traffic_rule.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/status.h"

namespace starling::models {
namespace {

constexpr double kDefaultWindowS = 300;
constexpr int kSlotsPerPercent = TrafficSplit::kSlots / 100;

int SlotsFor(double percent) { return static_cast<int>(std::lround(percent * kSlotsPerPercent)); }

absl::Status CheckLimits(const char* name, const v1::TrafficLimits& limits, const v1::TrafficRule& rule) {
  if (!limits.has_max_error_excess() && !limits.has_max_p99_ratio() && !limits.has_max_mean_ratio() &&
      !limits.has_min_agreement()) {
    return InvalidArgument("'", name, "' must have at least one limit beside min_requests.");
  }
  if (limits.has_min_agreement() && !rule.has_shadow())
    return InvalidArgument("'", name, ".min_agreement' needs a 'shadow'.");
  return absl::OkStatus();
}

void Split(StoredRule& stored) {
  std::map<std::string, int> shares;
  for (const v1::TrafficWeight& weight : stored.rule.weights())
    shares[weight.version()] = SlotsFor(weight.percent());
  stored.split = stored.split.Changed(stored.rule.stable(), shares);
}

}  // namespace

absl::Status CheckRule(const v1::TrafficRule& rule) {
  std::set<std::string> seen = {rule.stable()};
  int slots = 0;
  for (const v1::TrafficWeight& weight : rule.weights()) {
    if (!seen.insert(weight.version()).second)
      return InvalidArgument("Version '", weight.version(), "' is there twice.");
    slots += SlotsFor(weight.percent());
  }
  if (slots > TrafficSplit::kSlots) return InvalidArgument("The weights are more than 100 percent together.");
  if (rule.has_shadow() && rule.shadow().version() == rule.stable())
    return InvalidArgument("The stable version can't be its own shadow.");
  if (rule.has_roll_back()) RETURN_IF_ERROR(CheckLimits("roll_back", rule.roll_back(), rule));
  if (rule.has_promote()) RETURN_IF_ERROR(CheckLimits("promote", rule.promote(), rule));
  return absl::OkStatus();
}

std::chrono::nanoseconds WindowOf(const v1::TrafficRule& rule) {
  const double seconds = rule.window_s() > 0 ? rule.window_s() : kDefaultWindowS;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

std::vector<std::string> CandidatesOf(const v1::TrafficRule& rule) {
  std::vector<std::string> versions;
  for (const v1::TrafficWeight& weight : rule.weights()) versions.push_back(weight.version());
  if (!rule.has_shadow()) return versions;
  if (std::find(versions.begin(), versions.end(), rule.shadow().version()) == versions.end())
    versions.push_back(rule.shadow().version());
  return versions;
}

void SetRule(StoredRule& stored, const v1::TrafficRule& rule) {
  if (stored.revision == 0) stored.split = TrafficSplit(rule.stable());
  stored.rule = rule;
  stored.of_followed = false;
  Split(stored);
}

void Promote(StoredRule& stored, const std::string& version) {
  stored.rule.set_stable(version);
  stored.rule.clear_weights();
  stored.rule.clear_shadow();
  Split(stored);
}

void TakeOff(StoredRule& stored, const std::string& version) {
  auto* weights = stored.rule.mutable_weights();
  for (int i = weights->size() - 1; i >= 0; --i) {
    if (weights->Get(i).version() == version) weights->DeleteSubrange(i, 1);
  }
  if (stored.rule.has_shadow() && stored.rule.shadow().version() == version) stored.rule.clear_shadow();
  Split(stored);
}

}  // namespace starling::models

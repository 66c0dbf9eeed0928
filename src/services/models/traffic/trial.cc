#include "services/models/traffic/trial.h"

#include <algorithm>
#include <chrono>

namespace starling::models {

v1::TrafficArm ArmOf(const std::string& version, const ArmFigures& figures) {
  v1::TrafficArm arm;
  arm.set_version(version);
  arm.set_requests(figures.requests);
  arm.set_failures(figures.failures);
  arm.set_abandoned(figures.abandoned);
  arm.set_latency_mean_ms(figures.mean_s * 1000);
  arm.set_latency_p99_ms(figures.p99_s * 1000);
  arm.set_compared(figures.compared);
  arm.set_differing(figures.differing);
  return arm;
}

ArmFigures FiguresOf(const v1::TrafficArm& arm) {
  return {.requests = arm.requests(),
          .failures = arm.failures(),
          .abandoned = arm.abandoned(),
          .compared = arm.compared(),
          .differing = arm.differing(),
          .mean_s = arm.latency_mean_ms() / 1000,
          .p99_s = arm.latency_p99_ms() / 1000};
}

v1::TrafficTrial NewTrial(const std::string& before, const ArmFigures& baseline, int64_t now_ms) {
  v1::TrafficTrial trial;
  trial.set_before(before);
  trial.set_began_ms(now_ms);
  *trial.mutable_baseline() = ArmOf(before, baseline);
  return trial;
}

std::optional<Trial> ResumeTrial(const StoredRule& rule, const ArmFigures& own, MonotonicTime now,
                                 int64_t now_ms) {
  if (!rule.trial.has_value()) return std::nullopt;
  const std::chrono::nanoseconds window = WindowOf(rule.rule);
  // Two programs' clocks may differ, and a clock may have been set back.
  std::chrono::nanoseconds passed =
      std::chrono::milliseconds(std::max<int64_t>(0, now_ms - rule.trial->began_ms()));
  if (passed >= window) passed = {};
  Trial trial{
      .stored = *rule.trial, .baseline = FiguresOf(rule.trial->baseline()), .ends = now + window - passed};
  if (own.timed() > trial.baseline.timed()) trial.baseline = own;
  return trial;
}

}  // namespace starling::models

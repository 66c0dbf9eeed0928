#include "services/models/traffic/promotion.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "base/strings.h"

namespace starling::models {
namespace {

// The stable version's latency is a yardstick from so many requests on, or from the rule's own number if that is smaller.
constexpr int64_t kEnoughOfStable = 20;

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.4g", value);
  return text;
}

struct Check {
  bool is_known = false;  // there are figures enough
  bool is_kept = false;
  std::string words;
};

Check Ratio(const char* what, double candidate_s, double stable_s, double most, bool is_known,
            const ArmFigures& candidate) {
  const std::string gone = candidate.abandoned == 0 ? ""
                                                    : StrCat(" (of ", candidate.timed(), " callers ",
                                                             candidate.abandoned, " did not wait for it)");
  return {is_known, candidate_s <= most * stable_s,
          StrCat(what, " ", Number(candidate_s * 1000), " ms", gone, " against ", Number(stable_s * 1000),
                 " ms of the stable version, limit ", Number(most), " times")};
}

std::vector<Check> Checks(const v1::TrafficLimits& limits, const ArmFigures& candidate,
                          const ArmFigures& stable) {
  std::vector<Check> checks;
  const bool enough = candidate.requests >= limits.min_requests();
  const bool both = candidate.timed() >= limits.min_requests() &&
                    stable.timed() >= std::min(limits.min_requests(), kEnoughOfStable);
  if (limits.has_max_error_excess()) {
    const double excess = candidate.error_rate() - stable.error_rate();
    checks.push_back({enough, excess <= limits.max_error_excess(),
                      StrCat("error rate ", Number(candidate.error_rate()), " (", candidate.failures, " of ",
                             candidate.requests, ") against ", Number(stable.error_rate()), " (",
                             stable.failures, " of ", stable.requests, ") of the stable version, limit ",
                             Number(limits.max_error_excess()), " more")});
  }
  if (limits.has_max_p99_ratio())
    checks.push_back(
        Ratio("p99 latency", candidate.p99_s, stable.p99_s, limits.max_p99_ratio(), both, candidate));
  if (limits.has_max_mean_ratio())
    checks.push_back(
        Ratio("mean latency", candidate.mean_s, stable.mean_s, limits.max_mean_ratio(), both, candidate));
  if (limits.has_min_agreement()) {
    checks.push_back({candidate.compared >= limits.min_requests(),
                      candidate.agreement() >= limits.min_agreement(),
                      StrCat("agreement ", Number(candidate.agreement()), " (", candidate.differing, " of ",
                             candidate.compared, " differ), limit ", Number(limits.min_agreement()))});
  }
  return checks;
}

}  // namespace

Judgement Judge(const v1::TrafficRule& rule, const std::string& version, const ArmFigures& candidate,
                const ArmFigures& stable, bool is_full) {
  if (rule.has_roll_back()) {
    std::string broken;
    for (const Check& check : Checks(rule.roll_back(), candidate, stable)) {
      if (check.is_known && !check.is_kept) StrAppend(&broken, broken.empty() ? "" : "; ", check.words);
    }
    if (!broken.empty()) return {Verdict::kRollBack, StrCat("Version ", version, ": ", broken, ".")};
  }
  if (!rule.has_promote() || !is_full || candidate.requests < rule.promote().min_requests()) return {};
  std::string kept;
  for (const Check& check : Checks(rule.promote(), candidate, stable)) {
    if (!check.is_known || !check.is_kept) return {};
    StrAppend(&kept, "; ", check.words);
  }
  return {Verdict::kPromote, StrCat("Version ", version, ": ", candidate.requests,
                                    " requests over the whole window", kept, ".")};
}

}  // namespace starling::models

// A rule as it is kept, and the changes that it may go through. Plain functions: no clock, no store.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/models/traffic/traffic_split.h"
#include "starling/models/v1/traffic.pb.h"

namespace starling::models {

struct StoredRule {
  std::string model;
  std::string alias;
  int64_t revision = 0;
  v1::TrafficRule rule;  // `stable` is never empty
  TrafficSplit split{std::string()};
  std::string
      seen;  // what the repository's alias of this name meant when that was last heeded; empty: there was none
  std::string told;  // what the registry was told last: hearing that from it is no move of anybody else's
  bool of_followed = false;  // nobody set it: the settings give it to every alias that follows the registry
  std::optional<v1::TrafficTrial> trial;  // of the stable version, until it has been watched for a window
};

// Who the history says it was, where it was no person.
inline constexpr char kByRule[] = "rule";
inline constexpr char kByRepository[] = "repository";

// One entry of the history, before it has a number.
struct TrafficChange {
  v1::TrafficMoveKind kind = v1::TRAFFIC_MOVE_KIND_UNSPECIFIED;
  std::string who;
  std::string from;
  std::string to;
  std::string reason;
};

// What the contract's rules for fields can't say: INVALID_ARGUMENT for a version twice, for weights of more than 100% and for limits
// that look at nothing.
absl::Status CheckRule(const v1::TrafficRule& rule);

std::chrono::nanoseconds WindowOf(const v1::TrafficRule& rule);

// All but the stable one, each once: those with weights, in their order, then the shadow.
std::vector<std::string> CandidatesOf(const v1::TrafficRule& rule);

// All of them bring the split in line with the weights.
// `rule` in place of what was there.
void SetRule(StoredRule& stored, const v1::TrafficRule& rule);
// `version` is the stable one, and nobody stands beside it.
void Promote(StoredRule& stored, const std::string& version);
// `version` has no weight and is no shadow.
void TakeOff(StoredRule& stored, const std::string& version);

}  // namespace starling::models

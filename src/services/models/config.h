#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/config/secret.h"

namespace starling::config {
class Schema;
}

namespace starling::models {

enum class RepositoryMode {
  kNone,      // what is there at start is loaded; nothing changes afterwards
  kExplicit,  // calls say what is in memory
  kPoll,      // as kNone, and changes of the folders are followed
};

struct TrafficSqliteConfig {
  std::string path;
};

struct TrafficPostgresConfig {
  config::Secret url;
};

struct TrafficShadowConfig {
  int64_t max_requests = 16;
  int64_t max_bytes = int64_t{64} << 20;
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
};

struct TrafficConfig {
  TrafficSqliteConfig sqlite;
  TrafficPostgresConfig postgres;
  std::chrono::nanoseconds check_interval = std::chrono::seconds(1);
  int64_t max_rules = 1000;
  int64_t max_moves = 1000;
  TrafficShadowConfig shadow;
};

// Names what would let several programs share the traffic rules.
inline constexpr char kSharedBy[] = "models.traffic.postgres.url";

// The section `models.registry.trial`.
struct TrialConfig {
  std::chrono::nanoseconds window{0};  // 0: no trial
  int64_t min_requests = 20;
  double max_error_excess = 0.05;
  double max_p99_ratio = 0;  // 0: not looked at
};

// The section `models.registry`.
struct RegistryConfig {
  std::vector<std::string> follow;
  TrialConfig trial;
  bool move_aliases = true;
  std::string cache = "data/models";
  int64_t max_version_bytes = int64_t{4} << 30;
};

// The section `models` of the configuration; the texts and bounds stand in config.cc.
struct ModelsConfig {
  std::vector<std::string> packages = {"models/sentiment", "models/fraud", "models/churn", "models/digits"};
  std::vector<std::string> repository;
  RepositoryMode mode = RepositoryMode::kNone;
  std::vector<std::string> load;
  std::chrono::nanoseconds poll_interval = std::chrono::seconds(5);
  int64_t parallel_loads = 4;
  int64_t memory_budget = 0;
  int64_t response_cache = 0;
  int64_t max_texts = 10000;
  std::string shared_memory_prefix;
  bool allow_commands = false;
  TrafficConfig traffic;
  RegistryConfig registry;
  std::vector<std::string> upstreams;
};

void DeclareSettings(config::Schema& schema);

}  // namespace starling::models

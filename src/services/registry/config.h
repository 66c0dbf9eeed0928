#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/config/secret.h"
#include "core/store/s3_config.h"

namespace starling::config {
class Schema;
class Values;
}  // namespace starling::config

namespace starling::registry {

struct SqliteConfig {
  std::string path;
};

struct PostgresConfig {
  config::Secret url;
};

struct SqlConfig {
  SqliteConfig sqlite;
  PostgresConfig postgres;
};

// The section `registry` of the configuration; the texts and bounds stand in config.cc.
struct RegistryConfig {
  std::string data_directory = "data/registry";
  SqlConfig sql;
  std::string artifacts;
  store::S3Config s3;
  int64_t max_artifact_bytes = int64_t{4} << 30;
  std::chrono::milliseconds artifact_timeout{3600000};
};

// Names what would let several programs share the registry's data.
inline constexpr char kSharedBy[] = "registry.sql.postgres.url";

void DeclareSettings(config::Schema& schema);

}  // namespace starling::registry

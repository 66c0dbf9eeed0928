#include "services/registry/config.h"

#include "core/config/declaration.h"
#include "core/config/schema.h"

namespace starling::registry {
namespace {

void DeclareSqlite(config::Declaration<SqliteConfig>& d) {
  d.String("path", &SqliteConfig::path)
      .Text("The file of the embedded database; empty: registry.db in the data directory.");
}

void DeclarePostgres(config::Declaration<PostgresConfig>& d) {
  d.Secret("url", &PostgresConfig::url)
      .Text(
          "postgresql://USER:PASSWORD@HOST:PORT/DATABASE: the data lies there, and several programs may "
          "share "
          "it. Empty: in the embedded database.");
}

void DeclareSql(config::Declaration<SqlConfig>& d) {
  d.Section("sqlite", &SqlConfig::sqlite, DeclareSqlite).Text("The embedded database.");
  d.Section("postgres", &SqlConfig::postgres, DeclarePostgres).Text("PostgreSQL instead of it.");
}

void Declare(config::Declaration<RegistryConfig>& d) {
  d.String("data_directory", &RegistryConfig::data_directory)
      .Text(
          "Where the embedded database and the artifacts lie unless said otherwise; made with mode 0700 if "
          "it "
          "is missing; relative to the working directory.");
  d.Section("sql", &RegistryConfig::sql, DeclareSql)
      .Text("Where models, versions, aliases and runs are kept.");
  d.String("artifacts", &RegistryConfig::artifacts)
      .Text(
          "Folder of the artifacts, which several programs must share if they share the database; empty: "
          "artifacts in the data directory.");
  d.Section("s3", &RegistryConfig::s3, store::DeclareS3)
      .Text("A bucket for the artifacts, in place of the folder, if s3.bucket is set.");
  d.Size("max_artifact_bytes", &RegistryConfig::max_artifact_bytes)
      .Min(1)
      .Max(int64_t{1} << 50)
      .Text("Largest file that may be uploaded.");
  d.Duration("artifact_timeout", &RegistryConfig::artifact_timeout)
      .Min(std::chrono::seconds(1))
      .Max(std::chrono::hours(24))
      .Text("Longest that the upload or download of one file may take.");
}

}  // namespace

void DeclareSettings(config::Schema& schema) { schema.Add("registry", Declare); }

}  // namespace starling::registry

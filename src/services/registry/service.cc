#include "services/registry/service.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "base/status.h"
#include "core/config/schema.h"
#include "core/store/stores.h"
#include "services/registry/artifact_api.h"
#include "services/registry/config.h"
#include "services/registry/mlflow_adapter.h"
#include "services/registry/registry_api.h"
#include "services/registry/schema.h"
#include "services/registry/tracking_api.h"

namespace starling::registry {
namespace {

class Service final : public run::Service {
 public:
  Service(std::unique_ptr<store::SqlDatabase> database, std::unique_ptr<store::Blobs> blobs,
          int64_t max_bytes)
      : database_(std::move(database)),
        blobs_(std::move(blobs)),
        registry_(*database_),
        tracking_(*database_),
        artifacts_(*blobs_, max_bytes),
        registry_dispatcher_(registry_),
        tracking_dispatcher_(tracking_),
        artifact_dispatcher_(artifacts_) {}

  std::vector<run::Served> Serve() override {
    return {{&v1::RegistryServiceContract(), &registry_dispatcher_},
            {&v1::TrackingServiceContract(), &tracking_dispatcher_},
            {&v1::ArtifactServiceContract(), &artifact_dispatcher_}};
  }

 private:
  const std::unique_ptr<store::SqlDatabase> database_;
  const std::unique_ptr<store::Blobs> blobs_;
  RegistryApi registry_;
  TrackingApi tracking_;
  ArtifactApi artifacts_;
  v1::RegistryServiceDispatcher registry_dispatcher_;
  v1::TrackingServiceDispatcher tracking_dispatcher_;
  v1::ArtifactServiceDispatcher artifact_dispatcher_;
};

// With those above it, for its owner alone.
absl::Status MakeFolder(const std::filesystem::path& path) {
  if (path.has_parent_path() && !std::filesystem::exists(path.parent_path()))
    RETURN_IF_ERROR(MakeFolder(path.parent_path()));
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  return FailedPrecondition("registry.data_directory: the folder ", path.string(),
                            " can't be made: ", std::strerror(errno), ".");
}

absl::StatusOr<std::unique_ptr<run::Service>> Create(const run::Environment& environment) {
  const auto& config = environment.settings.Get<RegistryConfig>("registry");
  const bool shared = !config.sql.postgres.url.empty();
  const std::filesystem::path data(config.data_directory);
  const std::string file =
      config.sql.sqlite.path.empty() ? (data / "registry.db").string() : config.sql.sqlite.path;
  const std::string artifacts = config.artifacts.empty() ? (data / "artifacts").string() : config.artifacts;
  RETURN_IF_ERROR(MakeFolder(data));
  ASSIGN_OR_RETURN(auto database,
                   environment.stores.Sql({.product = shared ? "postgres" : "sqlite",
                                           .where = shared ? config.sql.postgres.url.Reveal() : file,
                                           .shared_by = kSharedBy}));
  RETURN_IF_ERROR(database->Migrate("registry", Schema()));
  const bool in_bucket = !config.s3.bucket.empty();
  auto blobs = environment.stores.BlobsAt(
      {.product = in_bucket ? "s3" : "files", .where = artifacts, .s3 = config.s3});
  if (!blobs.ok())
    return absl::Status(blobs.status().code(),
                        StrCat("The artifacts of the registry: ", Message(blobs.status())));
  return std::make_unique<Service>(std::move(database), *std::move(blobs), config.max_artifact_bytes);
}

}  // namespace

run::ServiceDefinition Definition() {
  run::ServiceDefinition definition;
  definition.name = "registry";
  definition.summary =
      "Model versions, aliases, lineage, runs and artifacts; MLflow's clients work against it.";
  definition.state = run::StateKind::kSingleWriter;
  definition.state_with = [](const config::Values& settings) {
    const bool shared = !settings.Get<RegistryConfig>("registry").sql.postgres.url.empty();
    return shared ? run::StateKind::kShared : run::StateKind::kSingleWriter;
  };
  definition.shared_by = kSharedBy;
  definition.contracts = {&v1::RegistryServiceContract(), &v1::TrackingServiceContract(),
                          &v1::ArtifactServiceContract()};
  definition.adapters = {MlflowAdapterDefinition()};
  definition.declare_settings = DeclareSettings;
  definition.create = Create;
  return definition;
}

}  // namespace starling::registry

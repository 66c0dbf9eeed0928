#include "services/registry/mlflow_routes.h"

#include <cstdlib>
#include <utility>

#include "starling/registry/v1/registry.starling.h"
#include "starling/registry/v1/tracking.starling.h"

namespace starling::registry {
namespace {

const std::pair<const rpc::Contract*, const rpc::Method*> Of(const rpc::Contract& contract,
                                                             std::string_view name) {
  for (const rpc::Method& method : contract.methods) {
    if (method.name == name) return {&contract, &method};
  }
  std::abort();  // a method of this table is not in its contract
}

struct Entry {
  std::string_view verb, path;
  std::pair<const rpc::Contract*, const rpc::Method*> target;
};

}  // namespace

const std::vector<MlflowRoute>& MlflowRoutes() {
  static const auto& routes = *[] {
    const Entry entries[] = {
        {"POST", "registered-models/create", Of(v1::RegistryServiceContract(), "CreateRegisteredModel")},
        {"GET", "registered-models/get", Of(v1::RegistryServiceContract(), "GetRegisteredModel")},
        {"GET", "registered-models/search", Of(v1::RegistryServiceContract(), "SearchRegisteredModels")},
        {"POST", "registered-models/rename", Of(v1::RegistryServiceContract(), "RenameRegisteredModel")},
        {"PATCH", "registered-models/update", Of(v1::RegistryServiceContract(), "UpdateRegisteredModel")},
        {"DELETE", "registered-models/delete", Of(v1::RegistryServiceContract(), "DeleteRegisteredModel")},
        {"POST", "registered-models/get-latest-versions",
         Of(v1::RegistryServiceContract(), "GetLatestVersions")},
        {"GET", "registered-models/get-latest-versions",
         Of(v1::RegistryServiceContract(), "GetLatestVersions")},
        {"POST", "registered-models/set-tag", Of(v1::RegistryServiceContract(), "SetRegisteredModelTag")},
        {"DELETE", "registered-models/delete-tag",
         Of(v1::RegistryServiceContract(), "DeleteRegisteredModelTag")},
        {"POST", "registered-models/alias", Of(v1::RegistryServiceContract(), "SetAlias")},
        {"GET", "registered-models/alias", Of(v1::RegistryServiceContract(), "GetModelVersionByAlias")},
        {"DELETE", "registered-models/alias", Of(v1::RegistryServiceContract(), "DeleteAlias")},
        {"POST", "model-versions/create", Of(v1::RegistryServiceContract(), "CreateModelVersion")},
        {"GET", "model-versions/get", Of(v1::RegistryServiceContract(), "GetModelVersion")},
        {"GET", "model-versions/search", Of(v1::RegistryServiceContract(), "SearchModelVersions")},
        {"POST", "model-versions/transition-stage",
         Of(v1::RegistryServiceContract(), "TransitionModelVersionStage")},
        {"PATCH", "model-versions/update", Of(v1::RegistryServiceContract(), "UpdateModelVersion")},
        {"DELETE", "model-versions/delete", Of(v1::RegistryServiceContract(), "DeleteModelVersion")},
        {"POST", "model-versions/set-tag", Of(v1::RegistryServiceContract(), "SetModelVersionTag")},
        {"DELETE", "model-versions/delete-tag", Of(v1::RegistryServiceContract(), "DeleteModelVersionTag")},
        {"GET", "model-versions/get-download-uri",
         Of(v1::RegistryServiceContract(), "GetModelVersionDownloadUri")},
        {"POST", "experiments/create", Of(v1::TrackingServiceContract(), "CreateExperiment")},
        {"GET", "experiments/get", Of(v1::TrackingServiceContract(), "GetExperiment")},
        {"GET", "experiments/get-by-name", Of(v1::TrackingServiceContract(), "GetExperimentByName")},
        {"POST", "experiments/search", Of(v1::TrackingServiceContract(), "SearchExperiments")},
        {"GET", "experiments/search", Of(v1::TrackingServiceContract(), "SearchExperiments")},
        {"POST", "experiments/update", Of(v1::TrackingServiceContract(), "UpdateExperiment")},
        {"POST", "experiments/delete", Of(v1::TrackingServiceContract(), "DeleteExperiment")},
        {"POST", "experiments/restore", Of(v1::TrackingServiceContract(), "RestoreExperiment")},
        {"POST", "experiments/set-experiment-tag", Of(v1::TrackingServiceContract(), "SetExperimentTag")},
        {"POST", "runs/create", Of(v1::TrackingServiceContract(), "CreateRun")},
        {"GET", "runs/get", Of(v1::TrackingServiceContract(), "GetRun")},
        {"POST", "runs/search", Of(v1::TrackingServiceContract(), "SearchRuns")},
        {"POST", "runs/update", Of(v1::TrackingServiceContract(), "UpdateRun")},
        {"POST", "runs/delete", Of(v1::TrackingServiceContract(), "DeleteRun")},
        {"POST", "runs/restore", Of(v1::TrackingServiceContract(), "RestoreRun")},
        {"POST", "runs/log-batch", Of(v1::TrackingServiceContract(), "LogBatch")},
        {"POST", "runs/delete-tag", Of(v1::TrackingServiceContract(), "DeleteRunTag")},
        {"GET", "metrics/get-history", Of(v1::TrackingServiceContract(), "GetMetricHistory")},
        {"POST", "runs/log-inputs", Of(v1::TrackingServiceContract(), "LogInputs")},
        {"POST", "runs/outputs", Of(v1::TrackingServiceContract(), "LogOutputs")},
        {"POST", "logged-models", Of(v1::TrackingServiceContract(), "CreateLoggedModel")},
        {"POST", "logged-models/search", Of(v1::TrackingServiceContract(), "SearchLoggedModels")},
        {"GET", "logged-models/{model_id}", Of(v1::TrackingServiceContract(), "GetLoggedModel")},
        {"PATCH", "logged-models/{model_id}", Of(v1::TrackingServiceContract(), "FinalizeLoggedModel")},
        {"DELETE", "logged-models/{model_id}", Of(v1::TrackingServiceContract(), "DeleteLoggedModel")},
        {"PATCH", "logged-models/{model_id}/tags", Of(v1::TrackingServiceContract(), "SetLoggedModelTags")},
        {"DELETE", "logged-models/{model_id}/tags/{tag_key}",
         Of(v1::TrackingServiceContract(), "DeleteLoggedModelTag")},
        {"POST", "logged-models/{model_id}/params",
         Of(v1::TrackingServiceContract(), "LogLoggedModelParams")},
    };
    auto* all = new std::vector<MlflowRoute>();
    for (const Entry& entry : entries)
      all->push_back({entry.verb, entry.path, entry.target.first, entry.target.second});
    return all;
  }();
  return routes;
}

}  // namespace starling::registry

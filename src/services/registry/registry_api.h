// RegistryService on the tables.
#pragma once

#include <chrono>

#include "core/store/sql.h"
#include "services/registry/transact.h"
#include "starling/registry/v1/registry.starling.h"

namespace starling::registry {

// Thread-safe. The database outlives it, and its tables are there.
class RegistryApi final : public v1::RegistryService {
 public:
  explicit RegistryApi(store::SqlDatabase& database) : database_(database) {}

  async::Task<absl::StatusOr<v1::CreateRegisteredModelResponse>> CreateRegisteredModel(
      RequestContext context, const v1::CreateRegisteredModelRequest& request) override;
  async::Task<absl::StatusOr<v1::GetRegisteredModelResponse>> GetRegisteredModel(
      RequestContext context, const v1::GetRegisteredModelRequest& request) override;
  async::Task<absl::StatusOr<v1::SearchRegisteredModelsResponse>> SearchRegisteredModels(
      RequestContext context, const v1::SearchRegisteredModelsRequest& request) override;
  async::Task<absl::StatusOr<v1::UpdateRegisteredModelResponse>> UpdateRegisteredModel(
      RequestContext context, const v1::UpdateRegisteredModelRequest& request) override;
  async::Task<absl::StatusOr<v1::RenameRegisteredModelResponse>> RenameRegisteredModel(
      RequestContext context, const v1::RenameRegisteredModelRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> DeleteRegisteredModel(
      RequestContext context, const v1::DeleteRegisteredModelRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> SetRegisteredModelTag(
      RequestContext context, const v1::SetRegisteredModelTagRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> DeleteRegisteredModelTag(
      RequestContext context, const v1::DeleteRegisteredModelTagRequest& request) override;
  async::Task<absl::StatusOr<v1::GetLatestVersionsResponse>> GetLatestVersions(
      RequestContext context, const v1::GetLatestVersionsRequest& request) override;
  async::Task<absl::StatusOr<v1::CreateModelVersionResponse>> CreateModelVersion(
      RequestContext context, const v1::CreateModelVersionRequest& request) override;
  async::Task<absl::StatusOr<v1::GetModelVersionResponse>> GetModelVersion(
      RequestContext context, const v1::GetModelVersionRequest& request) override;
  async::Task<absl::StatusOr<v1::SearchModelVersionsResponse>> SearchModelVersions(
      RequestContext context, const v1::SearchModelVersionsRequest& request) override;
  async::Task<absl::StatusOr<v1::UpdateModelVersionResponse>> UpdateModelVersion(
      RequestContext context, const v1::UpdateModelVersionRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> DeleteModelVersion(
      RequestContext context, const v1::DeleteModelVersionRequest& request) override;
  async::Task<absl::StatusOr<v1::TransitionModelVersionStageResponse>> TransitionModelVersionStage(
      RequestContext context, const v1::TransitionModelVersionStageRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> SetModelVersionTag(
      RequestContext context, const v1::SetModelVersionTagRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> DeleteModelVersionTag(
      RequestContext context, const v1::DeleteModelVersionTagRequest& request) override;
  async::Task<absl::StatusOr<v1::GetModelVersionDownloadUriResponse>> GetModelVersionDownloadUri(
      RequestContext context, const v1::GetModelVersionDownloadUriRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> SetAlias(RequestContext context,
                                                  const v1::SetAliasRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> DeleteAlias(RequestContext context,
                                                     const v1::DeleteAliasRequest& request) override;
  async::Task<absl::StatusOr<v1::GetModelVersionByAliasResponse>> GetModelVersionByAlias(
      RequestContext context, const v1::GetModelVersionByAliasRequest& request) override;
  async::Task<absl::StatusOr<v1::ListAliasesResponse>> ListAliases(
      RequestContext context, const v1::ListAliasesRequest& request) override;
  async::Task<absl::StatusOr<v1::ListAliasMovesResponse>> ListAliasMoves(
      RequestContext context, const v1::ListAliasMovesRequest& request) override;
  async::Stream<v1::AliasMove> WatchAliases(RequestContext context, v1::WatchAliasesRequest request) override;

 private:
  store::SqlDatabase& database_;
};

}  // namespace starling::registry

#include "services/registry/registry_api.h"

#include <utility>

#include "core/async/sleep.h"
#include "services/registry/aliases.h"
#include "services/registry/models.h"
#include "services/registry/versions.h"

namespace starling::registry {
namespace {

// Another program may have moved an alias, so the table is asked.
constexpr std::chrono::milliseconds kWatchInterval{500};

}  // namespace

async::Task<absl::StatusOr<v1::CreateRegisteredModelResponse>> RegistryApi::CreateRegisteredModel(
    RequestContext context, const v1::CreateRegisteredModelRequest& request) {
  return Write(database_, std::move(context), request, models::Create);
}

async::Task<absl::StatusOr<v1::GetRegisteredModelResponse>> RegistryApi::GetRegisteredModel(
    RequestContext context, const v1::GetRegisteredModelRequest& request) {
  return Read(database_, std::move(context), request, models::Get);
}

async::Task<absl::StatusOr<v1::SearchRegisteredModelsResponse>> RegistryApi::SearchRegisteredModels(
    RequestContext context, const v1::SearchRegisteredModelsRequest& request) {
  return Read(database_, std::move(context), request, models::Search);
}

async::Task<absl::StatusOr<v1::UpdateRegisteredModelResponse>> RegistryApi::UpdateRegisteredModel(
    RequestContext context, const v1::UpdateRegisteredModelRequest& request) {
  return Write(database_, std::move(context), request, models::Update);
}

async::Task<absl::StatusOr<v1::RenameRegisteredModelResponse>> RegistryApi::RenameRegisteredModel(
    RequestContext context, const v1::RenameRegisteredModelRequest& request) {
  return Write(database_, std::move(context), request, models::Rename);
}

async::Task<absl::StatusOr<v1::Empty>> RegistryApi::DeleteRegisteredModel(
    RequestContext context, const v1::DeleteRegisteredModelRequest& request) {
  return Write(database_, std::move(context), request, models::Delete);
}

async::Task<absl::StatusOr<v1::Empty>> RegistryApi::SetRegisteredModelTag(
    RequestContext context, const v1::SetRegisteredModelTagRequest& request) {
  return Write(database_, std::move(context), request, models::SetTag);
}

async::Task<absl::StatusOr<v1::Empty>> RegistryApi::DeleteRegisteredModelTag(
    RequestContext context, const v1::DeleteRegisteredModelTagRequest& request) {
  return Write(database_, std::move(context), request, models::DeleteTag);
}

async::Task<absl::StatusOr<v1::GetLatestVersionsResponse>> RegistryApi::GetLatestVersions(
    RequestContext context, const v1::GetLatestVersionsRequest& request) {
  return Read(database_, std::move(context), request, models::LatestVersions);
}

async::Task<absl::StatusOr<v1::CreateModelVersionResponse>> RegistryApi::CreateModelVersion(
    RequestContext context, const v1::CreateModelVersionRequest& request) {
  return Write(database_, std::move(context), request, versions::Create);
}

async::Task<absl::StatusOr<v1::GetModelVersionResponse>> RegistryApi::GetModelVersion(
    RequestContext context, const v1::GetModelVersionRequest& request) {
  return Read(database_, std::move(context), request, versions::Get);
}

async::Task<absl::StatusOr<v1::SearchModelVersionsResponse>> RegistryApi::SearchModelVersions(
    RequestContext context, const v1::SearchModelVersionsRequest& request) {
  return Read(database_, std::move(context), request, versions::Search);
}

async::Task<absl::StatusOr<v1::UpdateModelVersionResponse>> RegistryApi::UpdateModelVersion(
    RequestContext context, const v1::UpdateModelVersionRequest& request) {
  return Write(database_, std::move(context), request, versions::Update);
}

async::Task<absl::StatusOr<v1::Empty>> RegistryApi::DeleteModelVersion(
    RequestContext context, const v1::DeleteModelVersionRequest& request) {
  return Write(database_, std::move(context), request, versions::Delete);
}

async::Task<absl::StatusOr<v1::TransitionModelVersionStageResponse>> RegistryApi::TransitionModelVersionStage(
    RequestContext context, const v1::TransitionModelVersionStageRequest& request) {
  return Write(database_, std::move(context), request, versions::Transition);
}

async::Task<absl::StatusOr<v1::Empty>> RegistryApi::SetModelVersionTag(
    RequestContext context, const v1::SetModelVersionTagRequest& request) {
  return Write(database_, std::move(context), request, versions::SetTag);
}

async::Task<absl::StatusOr<v1::Empty>> RegistryApi::DeleteModelVersionTag(
    RequestContext context, const v1::DeleteModelVersionTagRequest& request) {
  return Write(database_, std::move(context), request, versions::DeleteTag);
}

async::Task<absl::StatusOr<v1::GetModelVersionDownloadUriResponse>> RegistryApi::GetModelVersionDownloadUri(
    RequestContext context, const v1::GetModelVersionDownloadUriRequest& request) {
  return Read(database_, std::move(context), request, versions::DownloadUri);
}

async::Task<absl::StatusOr<v1::Empty>> RegistryApi::SetAlias(RequestContext context,
                                                             const v1::SetAliasRequest& request) {
  return Write(database_, std::move(context), request, aliases::Set);
}

async::Task<absl::StatusOr<v1::Empty>> RegistryApi::DeleteAlias(RequestContext context,
                                                                const v1::DeleteAliasRequest& request) {
  return Write(database_, std::move(context), request, aliases::Delete);
}

async::Task<absl::StatusOr<v1::GetModelVersionByAliasResponse>> RegistryApi::GetModelVersionByAlias(
    RequestContext context, const v1::GetModelVersionByAliasRequest& request) {
  return Read(database_, std::move(context), request, aliases::Get);
}

async::Task<absl::StatusOr<v1::ListAliasesResponse>> RegistryApi::ListAliases(
    RequestContext context, const v1::ListAliasesRequest& request) {
  return Read(database_, std::move(context), request, aliases::List);
}

async::Task<absl::StatusOr<v1::ListAliasMovesResponse>> RegistryApi::ListAliasMoves(
    RequestContext context, const v1::ListAliasMovesRequest& request) {
  return Read(database_, std::move(context), request, aliases::ListMoves);
}

async::Stream<v1::AliasMove> RegistryApi::WatchAliases(RequestContext context,
                                                       v1::WatchAliasesRequest request) {
  const Caller caller = CallerOf(context);
  int64_t after = request.after();
  while (true) {
    std::function<absl::StatusOr<std::vector<v1::AliasMove>>(store::SqlTransaction&)> work =
        [&](store::SqlTransaction& transaction) { return aliases::MovesAfter(transaction, caller, after); };
    auto moves = co_await store::ReadFor<std::vector<v1::AliasMove>>(database_, std::move(work));
    if (!moves.ok()) co_return moves.status();
    for (v1::AliasMove& move : *moves) {
      after = move.number();
      co_yield std::move(move);
    }
    if (!moves->empty()) continue;
    const absl::Status waited = co_await async::Sleep(kWatchInterval, context.cancel());
    if (!waited.ok()) co_return waited;
  }
}

}  // namespace starling::registry

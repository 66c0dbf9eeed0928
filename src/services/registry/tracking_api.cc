#include "services/registry/tracking_api.h"

#include <string>
#include <utility>

#include "base/status.h"
#include "core/context/trace_context.h"
#include "services/registry/experiments.h"
#include "services/registry/logged_models.h"
#include "services/registry/run_io.h"
#include "services/registry/runs.h"

namespace starling::registry {
namespace {

// 32 hexadecimal digits, as MLflow's clients know them.
std::string NewRunId() {
  return StrCat(absl::Hex(RandomId(), absl::kZeroPad16), absl::Hex(RandomId(), absl::kZeroPad16));
}

// Experiments are read in a transaction that may write: `Default` is made when it is first looked for.
template <typename Request, typename Response>
async::Task<absl::StatusOr<Response>> WithDefault(store::SqlDatabase& database, RequestContext context,
                                                  const Request& request, Step<Request, Response> step) {
  const Caller caller = CallerOf(context);
  std::function<absl::StatusOr<Response>(store::SqlTransaction&)> work =
      [&](store::SqlTransaction& transaction) { return step(transaction, caller, request); };
  auto found = co_await store::ReadFor<Response>(database, work);
  if (!absl::IsNotFound(found.status())) co_return found;
  std::function<absl::StatusOr<Response>(store::SqlTransaction&)> again =
      [&](store::SqlTransaction& transaction) -> absl::StatusOr<Response> {
    RETURN_IF_ERROR(experiments::EnsureDefault(transaction, caller));
    return step(transaction, caller, request);
  };
  co_return co_await store::WriteFor<Response>(database, std::move(again));
}

}  // namespace

async::Task<absl::StatusOr<v1::CreateExperimentResponse>> TrackingApi::CreateExperiment(
    RequestContext context, const v1::CreateExperimentRequest& request) {
  return Write(database_, std::move(context), request, experiments::Create);
}

async::Task<absl::StatusOr<v1::GetExperimentResponse>> TrackingApi::GetExperiment(
    RequestContext context, const v1::GetExperimentRequest& request) {
  return WithDefault(database_, std::move(context), request, experiments::Get);
}

async::Task<absl::StatusOr<v1::GetExperimentByNameResponse>> TrackingApi::GetExperimentByName(
    RequestContext context, const v1::GetExperimentByNameRequest& request) {
  return WithDefault(database_, std::move(context), request, experiments::GetByName);
}

async::Task<absl::StatusOr<v1::SearchExperimentsResponse>> TrackingApi::SearchExperiments(
    RequestContext context, const v1::SearchExperimentsRequest& request) {
  return Read(database_, std::move(context), request, experiments::Search);
}

async::Task<absl::StatusOr<v1::Empty>> TrackingApi::UpdateExperiment(
    RequestContext context, const v1::UpdateExperimentRequest& request) {
  return Write(database_, std::move(context), request, experiments::Update);
}

async::Task<absl::StatusOr<v1::Empty>> TrackingApi::DeleteExperiment(
    RequestContext context, const v1::DeleteExperimentRequest& request) {
  return Write(database_, std::move(context), request, experiments::Delete);
}

async::Task<absl::StatusOr<v1::Empty>> TrackingApi::RestoreExperiment(
    RequestContext context, const v1::RestoreExperimentRequest& request) {
  return Write(database_, std::move(context), request, experiments::Restore);
}

async::Task<absl::StatusOr<v1::Empty>> TrackingApi::SetExperimentTag(
    RequestContext context, const v1::SetExperimentTagRequest& request) {
  return Write(database_, std::move(context), request, experiments::SetTag);
}

async::Task<absl::StatusOr<v1::GetRunResponse>> TrackingApi::GetRun(RequestContext context,
                                                                    const v1::GetRunRequest& request) {
  return Read(database_, std::move(context), request, runs::Get);
}

async::Task<absl::StatusOr<v1::SearchRunsResponse>> TrackingApi::SearchRuns(
    RequestContext context, const v1::SearchRunsRequest& request) {
  return Read(database_, std::move(context), request, runs::Search);
}

async::Task<absl::StatusOr<v1::UpdateRunResponse>> TrackingApi::UpdateRun(
    RequestContext context, const v1::UpdateRunRequest& request) {
  return Write(database_, std::move(context), request, runs::Update);
}

async::Task<absl::StatusOr<v1::Empty>> TrackingApi::DeleteRun(RequestContext context,
                                                              const v1::DeleteRunRequest& request) {
  return Write(database_, std::move(context), request, runs::Delete);
}

async::Task<absl::StatusOr<v1::Empty>> TrackingApi::RestoreRun(RequestContext context,
                                                               const v1::RestoreRunRequest& request) {
  return Write(database_, std::move(context), request, runs::Restore);
}

async::Task<absl::StatusOr<v1::Empty>> TrackingApi::LogBatch(RequestContext context,
                                                             const v1::LogBatchRequest& request) {
  return Write(database_, std::move(context), request, runs::LogBatch);
}

async::Task<absl::StatusOr<v1::Empty>> TrackingApi::DeleteRunTag(RequestContext context,
                                                                 const v1::DeleteRunTagRequest& request) {
  return Write(database_, std::move(context), request, runs::DeleteTag);
}

async::Task<absl::StatusOr<v1::GetMetricHistoryResponse>> TrackingApi::GetMetricHistory(
    RequestContext context, const v1::GetMetricHistoryRequest& request) {
  return Read(database_, std::move(context), request, runs::MetricHistory);
}

async::Task<absl::StatusOr<v1::CreateRunResponse>> TrackingApi::CreateRun(
    RequestContext context, const v1::CreateRunRequest& request) {
  const Caller caller = CallerOf(context);
  const std::string id = NewRunId();
  std::function<absl::StatusOr<v1::CreateRunResponse>(store::SqlTransaction&)> work =
      [&](store::SqlTransaction& transaction) { return runs::Create(transaction, caller, id, request); };
  co_return co_await store::WriteFor<v1::CreateRunResponse>(database_, std::move(work));
}

async::Task<absl::StatusOr<v1::Empty>> TrackingApi::LogInputs(RequestContext context,
                                                              const v1::LogInputsRequest& request) {
  return Write(database_, std::move(context), request, run_io::LogInputs);
}

async::Task<absl::StatusOr<v1::Empty>> TrackingApi::LogOutputs(RequestContext context,
                                                               const v1::LogOutputsRequest& request) {
  return Write(database_, std::move(context), request, run_io::LogOutputs);
}

async::Task<absl::StatusOr<v1::GetLoggedModelResponse>> TrackingApi::GetLoggedModel(
    RequestContext context, const v1::GetLoggedModelRequest& request) {
  return Read(database_, std::move(context), request, logged_models::Get);
}

async::Task<absl::StatusOr<v1::SearchLoggedModelsResponse>> TrackingApi::SearchLoggedModels(
    RequestContext context, const v1::SearchLoggedModelsRequest& request) {
  return Read(database_, std::move(context), request, logged_models::Search);
}

async::Task<absl::StatusOr<v1::FinalizeLoggedModelResponse>> TrackingApi::FinalizeLoggedModel(
    RequestContext context, const v1::FinalizeLoggedModelRequest& request) {
  return Write(database_, std::move(context), request, logged_models::Finalize);
}

async::Task<absl::StatusOr<v1::Empty>> TrackingApi::DeleteLoggedModel(
    RequestContext context, const v1::DeleteLoggedModelRequest& request) {
  return Write(database_, std::move(context), request, logged_models::Delete);
}

async::Task<absl::StatusOr<v1::SetLoggedModelTagsResponse>> TrackingApi::SetLoggedModelTags(
    RequestContext context, const v1::SetLoggedModelTagsRequest& request) {
  return Write(database_, std::move(context), request, logged_models::SetTags);
}

async::Task<absl::StatusOr<v1::Empty>> TrackingApi::DeleteLoggedModelTag(
    RequestContext context, const v1::DeleteLoggedModelTagRequest& request) {
  return Write(database_, std::move(context), request, logged_models::DeleteTag);
}

async::Task<absl::StatusOr<v1::Empty>> TrackingApi::LogLoggedModelParams(
    RequestContext context, const v1::LogLoggedModelParamsRequest& request) {
  return Write(database_, std::move(context), request, logged_models::LogParams);
}

async::Task<absl::StatusOr<v1::CreateLoggedModelResponse>> TrackingApi::CreateLoggedModel(
    RequestContext context, const v1::CreateLoggedModelRequest& request) {
  const Caller caller = CallerOf(context);
  const std::string id = StrCat("m-", NewRunId());
  std::function<absl::StatusOr<v1::CreateLoggedModelResponse>(store::SqlTransaction&)> work =
      [&](store::SqlTransaction& transaction) {
        return logged_models::Create(transaction, caller, id, request);
      };
  co_return co_await store::WriteFor<v1::CreateLoggedModelResponse>(database_, std::move(work));
}

}  // namespace starling::registry

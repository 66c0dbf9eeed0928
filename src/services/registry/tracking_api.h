// TrackingService on the tables.
#pragma once

#include "core/store/sql.h"
#include "services/registry/transact.h"
#include "starling/registry/v1/tracking.starling.h"

namespace starling::registry {

// Thread-safe. The database outlives it, and its tables are there.
class TrackingApi final : public v1::TrackingService {
 public:
  explicit TrackingApi(store::SqlDatabase& database) : database_(database) {}

  async::Task<absl::StatusOr<v1::CreateExperimentResponse>> CreateExperiment(
      RequestContext context, const v1::CreateExperimentRequest& request) override;
  async::Task<absl::StatusOr<v1::GetExperimentResponse>> GetExperiment(
      RequestContext context, const v1::GetExperimentRequest& request) override;
  async::Task<absl::StatusOr<v1::GetExperimentByNameResponse>> GetExperimentByName(
      RequestContext context, const v1::GetExperimentByNameRequest& request) override;
  async::Task<absl::StatusOr<v1::SearchExperimentsResponse>> SearchExperiments(
      RequestContext context, const v1::SearchExperimentsRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> UpdateExperiment(
      RequestContext context, const v1::UpdateExperimentRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> DeleteExperiment(
      RequestContext context, const v1::DeleteExperimentRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> RestoreExperiment(
      RequestContext context, const v1::RestoreExperimentRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> SetExperimentTag(
      RequestContext context, const v1::SetExperimentTagRequest& request) override;
  async::Task<absl::StatusOr<v1::GetRunResponse>> GetRun(RequestContext context,
                                                         const v1::GetRunRequest& request) override;
  async::Task<absl::StatusOr<v1::SearchRunsResponse>> SearchRuns(
      RequestContext context, const v1::SearchRunsRequest& request) override;
  async::Task<absl::StatusOr<v1::UpdateRunResponse>> UpdateRun(RequestContext context,
                                                               const v1::UpdateRunRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> DeleteRun(RequestContext context,
                                                   const v1::DeleteRunRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> RestoreRun(RequestContext context,
                                                    const v1::RestoreRunRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> LogBatch(RequestContext context,
                                                  const v1::LogBatchRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> DeleteRunTag(RequestContext context,
                                                      const v1::DeleteRunTagRequest& request) override;
  async::Task<absl::StatusOr<v1::GetMetricHistoryResponse>> GetMetricHistory(
      RequestContext context, const v1::GetMetricHistoryRequest& request) override;
  async::Task<absl::StatusOr<v1::CreateRunResponse>> CreateRun(RequestContext context,
                                                               const v1::CreateRunRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> LogInputs(RequestContext context,
                                                   const v1::LogInputsRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> LogOutputs(RequestContext context,
                                                    const v1::LogOutputsRequest& request) override;
  async::Task<absl::StatusOr<v1::GetLoggedModelResponse>> GetLoggedModel(
      RequestContext context, const v1::GetLoggedModelRequest& request) override;
  async::Task<absl::StatusOr<v1::SearchLoggedModelsResponse>> SearchLoggedModels(
      RequestContext context, const v1::SearchLoggedModelsRequest& request) override;
  async::Task<absl::StatusOr<v1::FinalizeLoggedModelResponse>> FinalizeLoggedModel(
      RequestContext context, const v1::FinalizeLoggedModelRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> DeleteLoggedModel(
      RequestContext context, const v1::DeleteLoggedModelRequest& request) override;
  async::Task<absl::StatusOr<v1::SetLoggedModelTagsResponse>> SetLoggedModelTags(
      RequestContext context, const v1::SetLoggedModelTagsRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> DeleteLoggedModelTag(
      RequestContext context, const v1::DeleteLoggedModelTagRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> LogLoggedModelParams(
      RequestContext context, const v1::LogLoggedModelParamsRequest& request) override;
  async::Task<absl::StatusOr<v1::CreateLoggedModelResponse>> CreateLoggedModel(
      RequestContext context, const v1::CreateLoggedModelRequest& request) override;

 private:
  store::SqlDatabase& database_;
};

}  // namespace starling::registry

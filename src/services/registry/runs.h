// Runs in the tables, with what was logged to them. Each function is the work of one transaction.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "core/store/sql.h"
#include "services/registry/caller.h"
#include "starling/registry/v1/tracking_messages.pb.h"

namespace starling::registry::runs {

using store::SqlTransaction;

// `new_id` is a fresh name for the run. NOT_FOUND if there is no such experiment.
absl::StatusOr<v1::CreateRunResponse> Create(SqlTransaction& transaction, const Caller& caller,
                                             const std::string& new_id, const v1::CreateRunRequest& request);
// NOT_FOUND, here and in all that follow.
absl::StatusOr<v1::GetRunResponse> Get(SqlTransaction& transaction, const Caller& caller,
                                       const v1::GetRunRequest& request);
absl::StatusOr<v1::SearchRunsResponse> Search(SqlTransaction& transaction, const Caller& caller,
                                              const v1::SearchRunsRequest& request);
absl::StatusOr<v1::UpdateRunResponse> Update(SqlTransaction& transaction, const Caller& caller,
                                             const v1::UpdateRunRequest& request);
absl::StatusOr<v1::Empty> Delete(SqlTransaction& transaction, const Caller& caller,
                                 const v1::DeleteRunRequest& request);
absl::StatusOr<v1::Empty> Restore(SqlTransaction& transaction, const Caller& caller,
                                  const v1::RestoreRunRequest& request);
// INVALID_ARGUMENT if a parameter has another value already, or the run was deleted.
absl::StatusOr<v1::Empty> LogBatch(SqlTransaction& transaction, const Caller& caller,
                                   const v1::LogBatchRequest& request);
absl::StatusOr<v1::Empty> DeleteTag(SqlTransaction& transaction, const Caller& caller,
                                    const v1::DeleteRunTagRequest& request);
absl::StatusOr<v1::GetMetricHistoryResponse> MetricHistory(SqlTransaction& transaction, const Caller& caller,
                                                           const v1::GetMetricHistoryRequest& request);

}  // namespace starling::registry::runs

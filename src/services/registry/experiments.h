// Experiments in the tables. Each function is the work of one transaction.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "core/store/sql.h"
#include "services/registry/caller.h"
#include "starling/registry/v1/tracking_messages.pb.h"

namespace starling::registry::experiments {

using store::SqlTransaction;

// The experiment that clients take for granted.
inline constexpr char kDefaultId[] = "0";

// Makes the experiment `Default` of a tenant, if it is not there. Part of every write.
absl::Status EnsureDefault(SqlTransaction& transaction, const Caller& caller);

// ALREADY_EXISTS, or INVALID_ARGUMENT for a location that is no path in our own store of artifacts.
absl::StatusOr<v1::CreateExperimentResponse> Create(SqlTransaction& transaction, const Caller& caller,
                                                    const v1::CreateExperimentRequest& request);
// NOT_FOUND, here and in all that follow.
absl::StatusOr<v1::GetExperimentResponse> Get(SqlTransaction& transaction, const Caller& caller,
                                              const v1::GetExperimentRequest& request);
absl::StatusOr<v1::GetExperimentByNameResponse> GetByName(SqlTransaction& transaction, const Caller& caller,
                                                          const v1::GetExperimentByNameRequest& request);
absl::StatusOr<v1::SearchExperimentsResponse> Search(SqlTransaction& transaction, const Caller& caller,
                                                     const v1::SearchExperimentsRequest& request);
absl::StatusOr<v1::Empty> Update(SqlTransaction& transaction, const Caller& caller,
                                 const v1::UpdateExperimentRequest& request);
absl::StatusOr<v1::Empty> Delete(SqlTransaction& transaction, const Caller& caller,
                                 const v1::DeleteExperimentRequest& request);
absl::StatusOr<v1::Empty> Restore(SqlTransaction& transaction, const Caller& caller,
                                  const v1::RestoreExperimentRequest& request);
absl::StatusOr<v1::Empty> SetTag(SqlTransaction& transaction, const Caller& caller,
                                 const v1::SetExperimentTagRequest& request);

// "stage = 'active'" and so on for a view type of MLflow; INVALID_ARGUMENT for another word.
absl::StatusOr<std::string> StageCondition(std::string_view table, std::string_view view_type);

}  // namespace starling::registry::experiments

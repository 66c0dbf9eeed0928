// Models that runs made, as MLflow 3 keeps them, in the tables. Each function is the work of one transaction.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "core/store/sql.h"
#include "services/registry/caller.h"
#include "starling/registry/v1/logged_model_messages.pb.h"
#include "starling/registry/v1/models.pb.h"

namespace starling::registry::logged_models {

using store::SqlTransaction;

// `new_id` is fresh. NOT_FOUND if there is no such experiment.
absl::StatusOr<v1::CreateLoggedModelResponse> Create(SqlTransaction& transaction, const Caller& caller,
                                                     const std::string& new_id,
                                                     const v1::CreateLoggedModelRequest& request);
// NOT_FOUND, here and in all that follow.
absl::StatusOr<v1::GetLoggedModelResponse> Get(SqlTransaction& transaction, const Caller& caller,
                                               const v1::GetLoggedModelRequest& request);
absl::StatusOr<v1::SearchLoggedModelsResponse> Search(SqlTransaction& transaction, const Caller& caller,
                                                      const v1::SearchLoggedModelsRequest& request);
absl::StatusOr<v1::FinalizeLoggedModelResponse> Finalize(SqlTransaction& transaction, const Caller& caller,
                                                         const v1::FinalizeLoggedModelRequest& request);
// Its files stay: versions may have been registered from them.
absl::StatusOr<v1::Empty> Delete(SqlTransaction& transaction, const Caller& caller,
                                 const v1::DeleteLoggedModelRequest& request);
absl::StatusOr<v1::SetLoggedModelTagsResponse> SetTags(SqlTransaction& transaction, const Caller& caller,
                                                       const v1::SetLoggedModelTagsRequest& request);
absl::StatusOr<v1::Empty> DeleteTag(SqlTransaction& transaction, const Caller& caller,
                                    const v1::DeleteLoggedModelTagRequest& request);
absl::StatusOr<v1::Empty> LogParams(SqlTransaction& transaction, const Caller& caller,
                                    const v1::LogLoggedModelParamsRequest& request);

}  // namespace starling::registry::logged_models

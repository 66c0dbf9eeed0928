// Registered models in the tables. Each function is the work of one transaction.
#pragma once

#include "absl/status/statusor.h"
#include "core/store/sql.h"
#include "services/registry/caller.h"
#include "starling/registry/v1/registry_messages.pb.h"
#include "starling/registry/v1/version_messages.pb.h"

namespace starling::registry::models {

using store::SqlTransaction;

// ALREADY_EXISTS, or INVALID_ARGUMENT for a name that can't be one.
absl::StatusOr<v1::CreateRegisteredModelResponse> Create(SqlTransaction& transaction, const Caller& caller,
                                                         const v1::CreateRegisteredModelRequest& request);
// NOT_FOUND, here and in all that follow.
absl::StatusOr<v1::GetRegisteredModelResponse> Get(SqlTransaction& transaction, const Caller& caller,
                                                   const v1::GetRegisteredModelRequest& request);
absl::StatusOr<v1::SearchRegisteredModelsResponse> Search(SqlTransaction& transaction, const Caller& caller,
                                                          const v1::SearchRegisteredModelsRequest& request);
absl::StatusOr<v1::UpdateRegisteredModelResponse> Update(SqlTransaction& transaction, const Caller& caller,
                                                         const v1::UpdateRegisteredModelRequest& request);
absl::StatusOr<v1::RenameRegisteredModelResponse> Rename(SqlTransaction& transaction, const Caller& caller,
                                                         const v1::RenameRegisteredModelRequest& request);
absl::StatusOr<v1::Empty> Delete(SqlTransaction& transaction, const Caller& caller,
                                 const v1::DeleteRegisteredModelRequest& request);
absl::StatusOr<v1::Empty> SetTag(SqlTransaction& transaction, const Caller& caller,
                                 const v1::SetRegisteredModelTagRequest& request);
absl::StatusOr<v1::Empty> DeleteTag(SqlTransaction& transaction, const Caller& caller,
                                    const v1::DeleteRegisteredModelTagRequest& request);
absl::StatusOr<v1::GetLatestVersionsResponse> LatestVersions(SqlTransaction& transaction,
                                                             const Caller& caller,
                                                             const v1::GetLatestVersionsRequest& request);

// Says that the model has changed; NOT_FOUND if there is none.
absl::Status Touch(SqlTransaction& transaction, const Caller& caller, const std::string& name);

}  // namespace starling::registry::models

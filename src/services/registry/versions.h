// Model versions in the tables. Each of the first functions is the work of one transaction.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/store/sql.h"
#include "services/registry/caller.h"
#include "starling/registry/v1/version_messages.pb.h"

namespace starling::registry::versions {

using store::SqlTransaction;

// NOT_FOUND if there is no such model; INVALID_ARGUMENT for a source that CheckSource() refuses.
absl::StatusOr<v1::CreateModelVersionResponse> Create(SqlTransaction& transaction, const Caller& caller,
                                                      const v1::CreateModelVersionRequest& request);
// NOT_FOUND, here and in all that follow.
absl::StatusOr<v1::GetModelVersionResponse> Get(SqlTransaction& transaction, const Caller& caller,
                                                const v1::GetModelVersionRequest& request);
absl::StatusOr<v1::SearchModelVersionsResponse> Search(SqlTransaction& transaction, const Caller& caller,
                                                       const v1::SearchModelVersionsRequest& request);
absl::StatusOr<v1::UpdateModelVersionResponse> Update(SqlTransaction& transaction, const Caller& caller,
                                                      const v1::UpdateModelVersionRequest& request);
absl::StatusOr<v1::Empty> Delete(SqlTransaction& transaction, const Caller& caller,
                                 const v1::DeleteModelVersionRequest& request);
absl::StatusOr<v1::TransitionModelVersionStageResponse> Transition(
    SqlTransaction& transaction, const Caller& caller, const v1::TransitionModelVersionStageRequest& request);
absl::StatusOr<v1::Empty> SetTag(SqlTransaction& transaction, const Caller& caller,
                                 const v1::SetModelVersionTagRequest& request);
absl::StatusOr<v1::Empty> DeleteTag(SqlTransaction& transaction, const Caller& caller,
                                    const v1::DeleteModelVersionTagRequest& request);
absl::StatusOr<v1::GetModelVersionDownloadUriResponse> DownloadUri(
    SqlTransaction& transaction, const Caller& caller, const v1::GetModelVersionDownloadUriRequest& request);

absl::StatusOr<v1::ModelVersion> Load(SqlTransaction& transaction, const Caller& caller,
                                      const std::string& name, int64_t version);
// The latest of each stage; of all stages if none are given.
absl::Status LoadLatest(SqlTransaction& transaction, const Caller& caller, const std::string& name,
                        const std::vector<std::string>& stages,
                        google::protobuf::RepeatedPtrField<v1::ModelVersion>* versions);

}  // namespace starling::registry::versions

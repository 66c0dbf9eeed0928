// Aliases in the tables, and every move that they ever made.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/store/sql.h"
#include "services/registry/caller.h"
#include "starling/registry/v1/registry_messages.pb.h"
#include "starling/registry/v1/version_messages.pb.h"

namespace starling::registry::aliases {

using store::SqlTransaction;

// NOT_FOUND if there is no such version; FAILED_PRECONDITION if it is not where it is expected.
absl::StatusOr<v1::Empty> Set(SqlTransaction& transaction, const Caller& caller,
                              const v1::SetAliasRequest& request);
absl::StatusOr<v1::Empty> Delete(SqlTransaction& transaction, const Caller& caller,
                                 const v1::DeleteAliasRequest& request);
absl::StatusOr<v1::GetModelVersionByAliasResponse> Get(SqlTransaction& transaction, const Caller& caller,
                                                       const v1::GetModelVersionByAliasRequest& request);
absl::StatusOr<v1::ListAliasesResponse> List(SqlTransaction& transaction, const Caller& caller,
                                             const v1::ListAliasesRequest& request);
absl::StatusOr<v1::ListAliasMovesResponse> ListMoves(SqlTransaction& transaction, const Caller& caller,
                                                     const v1::ListAliasMovesRequest& request);
// Moves after `after`, oldest first, some at a time.
absl::StatusOr<std::vector<v1::AliasMove>> MovesAfter(SqlTransaction& transaction, const Caller& caller,
                                                      int64_t after);

// The aliases of a model.
absl::StatusOr<std::vector<std::pair<std::string, int64_t>>> Versions(SqlTransaction& transaction,
                                                                      const Caller& caller,
                                                                      const std::string& name);
absl::Status Load(SqlTransaction& transaction, const Caller& caller, const std::string& name,
                  google::protobuf::RepeatedPtrField<v1::Alias>* aliases);
// Writes a move down; version 0 is none.
absl::Status Record(SqlTransaction& transaction, const Caller& caller, const std::string& name,
                    const std::string& alias, int64_t from, int64_t to, const std::string& reason);

}  // namespace starling::registry::aliases

// What went into a run (datasets) and what came out of it (models), in the tables.
#pragma once

#include "absl/status/statusor.h"
#include "core/store/sql.h"
#include "services/registry/caller.h"
#include "starling/registry/v1/models.pb.h"
#include "starling/registry/v1/tracking_messages.pb.h"

namespace starling::registry::run_io {

using store::SqlTransaction;

// NOT_FOUND if there is no such run, here and below. The same dataset (name and digest) twice is one.
absl::StatusOr<v1::Empty> LogInputs(SqlTransaction& transaction, const Caller& caller,
                                    const v1::LogInputsRequest& request);
absl::StatusOr<v1::Empty> LogOutputs(SqlTransaction& transaction, const Caller& caller,
                                     const v1::LogOutputsRequest& request);
// Fills the inputs and outputs of the run that its info names.
absl::Status Load(SqlTransaction& transaction, const Caller& caller, v1::Run* run);

}  // namespace starling::registry::run_io

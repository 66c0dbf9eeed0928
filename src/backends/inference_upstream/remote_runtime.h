// The inference runtime `remote`: a model of any other server that speaks the Open Inference Protocol over gRPC.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/inference/runtime.h"

namespace starling::inference_remote {

// Load() asks the upstream for its model: UNAVAILABLE if it is not there or not ready, INVALID_ARGUMENT if it has no such model,
// PERMISSION_DENIED if it may not be called (address_rules.h). Calls are balanced over all addresses of the option `url`, past
// those whose breaker is open; with none left they are UNAVAILABLE with RetryAfter at once.
absl::StatusOr<std::unique_ptr<inference::Runtime>> MakeRuntime();

}  // namespace starling::inference_remote

// The inference runtime `process`: a model is a program in any language, started by us, that serves the Open Inference Protocol over
// gRPC on the Unix socket that STARLING_SOCKET names.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/inference/runtime.h"

namespace starling::inference_process {

// Load() starts `command` in the package's folder and waits until its model is ready: INTERNAL with its last line if it ends
// before that. While the model is loaded its program is watched and started again when it ends or hangs; calls
// meanwhile are UNAVAILABLE with RetryAfter. FAILED_PRECONDITION without ModelPermissions::commands.
absl::StatusOr<std::unique_ptr<inference::Runtime>> MakeRuntime();

}  // namespace starling::inference_process

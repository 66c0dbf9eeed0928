#pragma once

#include <chrono>

#include "absl/status/status.h"
#include "core/async/task.h"
#include "core/context/cancel.h"

namespace starling::async {

// Waits on the current loop (there must be one). OK after `duration`, or the reason once `cancel` is cancelled.
Task<absl::Status> Sleep(std::chrono::nanoseconds duration, CancelToken cancel = CancelToken());

}  // namespace starling::async

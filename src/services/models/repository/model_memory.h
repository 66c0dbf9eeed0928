// What the models of the repository take in memory.
#pragma once

#include <cstddef>
#include <functional>

#include "absl/status/status.h"
#include "core/inference/package/model_package.h"
#include "core/observe/registry.h"
#include "services/models/repository/model_table.h"

namespace starling::models {

// What the program has from its allocator now, without what was freed. 0 where the allocator does not tell, as with sanitizers.
size_t HeapBytes();

// Whether the model's memory is this program's own.
bool IsInHeap(const inference::ModelPackage& package);

// What a version will count in the budget, as far as that is known before it is loaded: what its package says, or else the
// size of its file or what it took when it was loaded last, whichever is more.
size_t ExpectedBytes(const inference::ModelPackage& package, size_t taken_last);

// FAILED_PRECONDITION with both numbers if `bytes` are more than the package's memory_limit_bytes; `what` they are: "took when it
// was loaded".
absl::Status CheckMemoryLimit(const inference::ModelPackage& package, size_t bytes, const char* what);

// starling.models.memory {By}: what each version in memory takes. The table outlives the registration.
[[nodiscard]] observe::CallbackRegistration ReportMemory(observe::Registry& registry,
                                                         const ModelTable& table);

}  // namespace starling::models

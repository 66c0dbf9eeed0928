// Which branch of a weighted split a key goes to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/inference/graph/graph_definition.h"
#include "core/inference/tensor.h"
#include "services/models/traffic/traffic_split.h"

namespace starling::models {

// Keeps two splits from sending the same keys the same way.
std::string SplitSalt(std::string_view graph, size_t split);
// The branch of a slot: each has its share of the slots, in the order of the file.
const inference::GraphBranch& BranchAt(const inference::GraphNode& split, int slot);
// The slot of the tensor's elements, as bytes. INVALID_ARGUMENT if they differ: rows with several keys go several ways.
absl::StatusOr<int> SlotOfTensor(std::string_view salt, const inference::Tensor& tensor);

}  // namespace starling::models

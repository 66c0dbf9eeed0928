// Whole tensors, whose first size is the batch, to rows and back.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/inference/batching/rows.h"
#include "core/inference/runtime.h"

namespace starling::inference {

// OK if `tensors` can be the inputs of one run of a model with these inputs: as many, same types, sizes that match those
// that are fixed, and the bytes that they need. Otherwise INVALID_ARGUMENT that names the input.
absl::Status CheckInputs(std::span<const TensorSpec> inputs, std::span<const Tensor> tensors);

// The tensor itself if its elements lie where its type may be read, else a copy: parts of a network message lie anywhere.
Tensor Aligned(Tensor tensor);

// The rows of checked tensors; they share the tensors' elements. INVALID_ARGUMENT if the first sizes differ or are 0.
absl::StatusOr<std::vector<Row>> SplitBatch(std::span<const TensorSpec> inputs,
                                            std::span<const Tensor> tensors);

// The way back, for outputs. A single row is not copied. INTERNAL if two rows' tensors differ in shape: they come from
// runs of different shapes and are no tensor together.
absl::StatusOr<std::vector<Tensor>> JoinBatch(std::span<const Row> rows);

}  // namespace starling::inference

// An output as its highest classes, in place of its numbers. Source: Triton's extension_classification.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/inference/tensor.h"

namespace starling::models::oip {

// "value:index[:label]" for the `count` highest elements of each row, the highest first; of two that are equal the one that comes first.
// The result is BYTES of shape [rows, classes] if the model's tensors have a batch dimension, else [classes]; there are fewer than `count`
// classes if the output has fewer. `labels` may be fewer than the classes. INVALID_ARGUMENT for an output of BYTES or BOOL, or a count
// of 0.
absl::StatusOr<inference::Tensor> Classify(std::string_view output_name, const inference::Tensor& output,
                                           uint64_t count, bool batched, std::span<const std::string> labels);

}  // namespace starling::models::oip

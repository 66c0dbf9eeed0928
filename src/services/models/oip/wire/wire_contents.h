// Tensors whose elements lie in the typed fields of InferTensorContents, instead of raw bytes.
#pragma once

#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/inference/tensor.h"

namespace starling::models::oip {

// `contents`: encoded InferTensorContents, in the order they came; together they are one. INVALID_ARGUMENT, naming the input, if they hold
// another type's field, values past the type's range, or not as many as the shape says; FP16 and BF16 have no field, and must be raw.
absl::StatusOr<inference::Tensor> ReadContents(std::string_view input_name, inference::DataType datatype,
                                               const inference::Shape& shape,
                                               std::span<const std::string_view> contents);

}  // namespace starling::models::oip

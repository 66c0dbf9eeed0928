// Tensor data in JSON, nested or flat, straight into the elements of a tensor. Source: inference_rest.md, section "Tensor Data".
#pragma once

#include <simdjson.h>

#include <string_view>

#include "absl/status/statusor.h"
#include "core/inference/tensor.h"

namespace starling::models::oip {

// `data` is flat, or nested exactly as `shape` says. Integers must be integers within the type's range; numbers of floating point are
// rounded to the nearest and must be within it; BOOL takes true, false, 1 and 0; BYTES takes strings. `json_bytes`: how large the
// document is, which bounds how many elements it can hold. INVALID_ARGUMENT that names the input and the element.
absl::StatusOr<inference::Tensor> ReadJsonTensor(std::string_view input_name, simdjson::ondemand::array data,
                                                 inference::DataType datatype, const inference::Shape& shape,
                                                 size_t json_bytes);

}  // namespace starling::models::oip

// Elements of a tensor as JSON: the inner loops of json_response.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/inference/tensor.h"

namespace starling::models::oip {

// Appends the elements as one flat list. Numbers are the shortest that read back as the same value of their type.
// INVALID_ARGUMENT, naming the output, for what JSON cannot say: NaN, infinity, bytes that are not UTF-8.
absl::Status AppendJsonTensor(std::string_view output_name, const inference::Tensor& tensor,
                              std::string* out);

}  // namespace starling::models::oip

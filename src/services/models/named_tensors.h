// Between the contract's tensors, which have names, and a model's, which have an order.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/inference/runtime.h"
#include "starling/models/v1/models.pb.h"

namespace starling::models {

// The tensors in the order of `specs`, copied: a run may outlast its request. INVALID_ARGUMENT for one that is unknown,
// missing, there twice or of another data type. Shapes and sizes are the model's to check.
absl::StatusOr<std::vector<inference::Tensor>> OrderInputs(
    const std::vector<inference::TensorSpec>& specs,
    const google::protobuf::RepeatedPtrField<v1::Tensor>& tensors);

// Positions in `specs` of the outputs with these names, all if there are none. INVALID_ARGUMENT for one that is unknown.
absl::StatusOr<std::vector<size_t>> ChooseOutputs(
    const std::vector<inference::TensorSpec>& specs,
    const google::protobuf::RepeatedPtrField<std::string>& names);

v1::Tensor ToMessage(const std::string& name, const inference::Tensor& tensor);

}  // namespace starling::models

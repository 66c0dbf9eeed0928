// Between our tensors and OpenVINO's. Internal to this backend.
#pragma once

#include <openvino/openvino.hpp>

#include "absl/status/statusor.h"
#include "core/inference/runtime.h"
#include "core/inference/tensor.h"

namespace starling::inference_openvino {

absl::StatusOr<inference::DataType> FromOpenVino(const ov::element::Type& type);
ov::element::Type ToOpenVino(inference::DataType type);

// UNIMPLEMENTED if the tensor has a rank or type that ours cannot say.
absl::StatusOr<inference::TensorSpec> Describe(const ov::Output<const ov::Node>& port);

// Uses the tensor's own elements, which must outlive the result (BYTES are copied). OpenVINO only reads inputs.
ov::Tensor Wrap(const inference::Tensor& tensor);
// A copy: OpenVINO's own buffer is written again by the next run.
absl::StatusOr<inference::Tensor> Copy(const ov::Tensor& tensor);

}  // namespace starling::inference_openvino

// OpenVINO behind inference::Runtime: ONNX, TensorFlow, TensorFlow Lite, Paddle and OpenVINO IR files on the CPU.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/inference/runtime.h"

namespace starling::inference_openvino {

// Option of a package (model.yaml, `runtime_options`):
//   precision   "f32" (the default: the same answers on every machine), "bf16" or "auto" (what the CPU does fastest)
absl::StatusOr<std::unique_ptr<inference::Runtime>> MakeRuntime();

}  // namespace starling::inference_openvino

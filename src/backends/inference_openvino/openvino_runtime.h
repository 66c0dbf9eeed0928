// OpenVINO behind inference::Runtime: ONNX, TensorFlow, TensorFlow Lite, Paddle and OpenVINO IR files on the CPU or a device that it knows.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/inference/runtime.h"

namespace starling::inference_openvino {

// Option of a package (model.yaml, `runtime_options`):
//   precision             "f32" (the default: the same answers on every machine), "bf16" or "auto" (what the device does fastest)
//   dynamic_quantization  "auto" (the default) or "off"
//   device                "CPU" (the default), another that OpenVINO finds on the machine ("GPU", "GPU.1"), or "AUTO", which
//                         chooses among all, as "AUTO:GPU,CPU" among those
absl::StatusOr<std::unique_ptr<inference::Runtime>> MakeRuntime();

}  // namespace starling::inference_openvino

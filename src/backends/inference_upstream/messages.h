// Tensors as messages of the Open Inference Protocol, and back, on the calling side.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/inference/runtime.h"
#include "inference/infer.pb.h"

namespace starling::inference_upstream {

using inference::Tensor;
using inference::TensorSpec;

// Which model of the other server.
struct ModelName {
  std::string name;
  std::string version;  // empty: the server chooses
};

// `tensors` in the order of `inputs`; their elements are raw_input_contents. Asks for `outputs`, by name.
::inference::ModelInferRequest MakeRequest(const ModelName& model, std::span<const TensorSpec> inputs,
                                           std::span<const Tensor> tensors,
                                           std::span<const TensorSpec> outputs);

// The tensors of `outputs`, in that order; raw ones are views of the message. INTERNAL, naming the output, for anything that is
// not as `outputs` says or not whole: whoever answers is not trusted.
absl::StatusOr<std::vector<Tensor>> ReadResponse(
    const std::shared_ptr<const ::inference::ModelInferResponse>& response,
    std::span<const TensorSpec> outputs);

}  // namespace starling::inference_upstream

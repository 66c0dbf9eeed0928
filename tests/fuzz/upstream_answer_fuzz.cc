// A ModelInferResponse of somebody else's server, for a model with a raw and a text output.
#include <memory>
#include <string>
#include <vector>

#include "backends/inference_upstream/messages.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using starling::fuzz::Require;
  using starling::inference::DataType;
  const auto response = std::make_shared<::inference::ModelInferResponse>();
  if (!response->ParseFromArray(data, static_cast<int>(size))) return 0;
  const std::vector<starling::inference::TensorSpec> outputs = {{"y", DataType::kFp32, {-1, 2}},
                                                                {"n", DataType::kBytes, {-1}}};
  const auto tensors = starling::inference_upstream::ReadResponse(response, outputs);
  if (!tensors.ok()) {
    Require(tensors.status().code() == absl::StatusCode::kInternal, "it is the upstream's fault");
    return 0;
  }
  Require(tensors->size() == outputs.size(), "as many tensors as were asked for");
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto& tensor = (*tensors)[i];
    Require(tensor.datatype == outputs[i].datatype, "of the type that was asked for");
    Require(tensor.shape.size() == outputs[i].shape.size(), "of the dimensions that were asked for");
    Require(starling::inference::CheckTensor(tensor, "It").ok(), "whole");
  }
  return 0;
}

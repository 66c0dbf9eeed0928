// What somebody else's server answers over REST: a line of JSON, then binary tensors; for a model with a raw and a text output.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "backends/inference_upstream/messages.h"
#include "backends/inference_upstream/rest_messages.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace remote = starling::inference_remote;
  using starling::fuzz::Require;
  using starling::inference::DataType;
  const std::string_view body = starling::fuzz::Text(data, size);
  const size_t json_bytes = std::min(body.find('\n'), body.size());
  Require(remote::ReadRestError(body).size() <= 300, "a sentence for people is short");
  (void)remote::TakesBinary(body);
  (void)remote::SaysNotReady(body);
  (void)remote::ReadRestMetadata(body);
  auto answer = remote::ReadRestResponse(body, json_bytes);
  if (!answer.ok()) {
    Require(answer.status().code() == absl::StatusCode::kInternal, "it is the upstream's fault");
    return 0;
  }
  Require(answer->outputs_size() == answer->raw_output_contents_size(), "each output has contents");
  const auto response = std::make_shared<const ::inference::ModelInferResponse>(*std::move(answer));
  const std::vector<starling::inference::TensorSpec> outputs = {{"y", DataType::kFp32, {-1, 2}},
                                                                {"n", DataType::kBytes, {-1}}};
  const auto tensors = starling::inference_upstream::ReadResponse(response, outputs);
  if (!tensors.ok()) {
    Require(tensors.status().code() == absl::StatusCode::kInternal, "it is the upstream's fault");
    return 0;
  }
  for (const auto& tensor : *tensors) Require(starling::inference::CheckTensor(tensor, "It").ok(), "whole");
  // What came whole can be sent on.
  const auto request = starling::inference_upstream::MakeRequest({"m", ""}, outputs, *tensors, outputs);
  Require(remote::WriteRestRequest(request, true).ok(), "as binary tensors all can be said");
  const auto json = remote::WriteRestRequest(request, false);
  Require(json.ok() || json.status().code() == absl::StatusCode::kInvalidArgument, "or what JSON lacks");
  return 0;
}

// A whole inference request in JSON. What is accepted is written again as a response, and reads as the same tensors.
#include <string>

#include "fuzz.h"
#include "services/models/oip/json/json_request.h"
#include "services/models/oip/json/json_response.h"

using namespace starling::models::oip;  // NOLINT: a program of one file

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const starling::Bytes body = starling::Bytes::Copy(starling::fuzz::Text(data, size));
  const auto read = ReadJsonRequest(body, body.size());
  if (!read.ok()) {
    starling::fuzz::Require(!read.status().message().empty(), "a refusal says why");
    return 0;
  }
  InferResponse response{
      .model_name = "m", .model_version = "1", .id = read->request.id, .parameters = {}, .outputs = {}};
  for (const InferInput& input : read->request.inputs) {
    if (InSharedMemory(input.parameters)) return 0;
    response.outputs.push_back({input.name, {}, {input.datatype, input.shape, input.data}});
  }
  const auto written = WriteJsonResponse(response, {});
  starling::fuzz::Require(written.ok(), "tensors that came as JSON can be written as JSON");
  std::string json(written->body.view());
  json.replace(json.find("\"outputs\":["), 9, "\"inputs\"");
  const auto again = ReadJsonRequest(starling::Bytes(json), json.size());
  starling::fuzz::Require(again.ok(), "what was written can be read");
  for (size_t i = 0; i < response.outputs.size(); ++i) {
    starling::fuzz::Require(again->request.inputs[i].data.view() == response.outputs[i].tensor.data.view(),
                            "what was written reads as the same tensor");
  }
  return 0;
}

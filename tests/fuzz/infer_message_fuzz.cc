// ModelInferRequest on the wire. What our reader accepts protobuf's parser accepts too, and what is written of it reads the same.
#include <string>

#include "core/rpc/convert.h"
#include "fuzz.h"
#include "inference/infer.pb.h"
#include "services/models/oip/infer_message.h"

using namespace starling::models::oip;  // NOLINT: a program of one file

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const starling::Bytes bytes = starling::Bytes::Copy(starling::fuzz::Text(data, size));
  (void)ReadInferResponse(bytes);
  (void)StreamedInferFormat::Read(bytes);
  const auto read = ReadInferRequest(bytes);
  if (!read.ok()) {
    starling::fuzz::Require(!read.status().message().empty(), "a refusal says why");
    return 0;
  }
  const auto written = starling::rpc::Encode(MakePayload<InferRequestMessage>(*read));
  starling::fuzz::Require(written.ok(), "a request can be written");
  inference::ModelInferRequest message;
  starling::fuzz::Require(message.ParseFromString(std::string(written->view())),
                          "protobuf reads what we write");
  const auto again = ReadInferRequest(*written);
  starling::fuzz::Require(again.ok() && again->inputs.size() == read->inputs.size(),
                          "what was written can be read");
  for (size_t i = 0; i < read->inputs.size(); ++i) {
    starling::fuzz::Require(again->inputs[i].data.view() == read->inputs[i].data.view(),
                            "tensors stay what they are");
  }
  return 0;
}

// A body with binary tensors: two bytes say how long the JSON in front is.
#include "fuzz.h"
#include "services/models/oip/json/json_request.h"

using namespace starling::models::oip;  // NOLINT: a program of one file

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t json_bytes = data[0] | data[1] << 8;
  const starling::Bytes body = starling::Bytes::Copy(starling::fuzz::Text(data + 2, size - 2));
  const auto read = ReadJsonRequest(body, json_bytes);
  if (!read.ok()) {
    starling::fuzz::Require(!read.status().message().empty(), "a refusal says why");
    return 0;
  }
  for (const InferInput& input : read->request.inputs) {
    if (InSharedMemory(input.parameters)) continue;
    const auto tensor = TensorOf(input);
    starling::fuzz::Require(tensor.ok(), "an accepted tensor fills its shape");
    const size_t alignment = starling::inference::BytesPerElement(input.datatype);
    starling::fuzz::Require(alignment == 0 || reinterpret_cast<uintptr_t>(input.data.data()) % alignment == 0,
                            "an accepted tensor is aligned");
  }
  return 0;
}

// The body of POST /v2/models/{model}/infer: JSON, with binary tensors behind it if the caller likes. Sources: inference_rest.md,
// section "Inference Request JSON Object"; Triton's extension_binary_data.md.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "services/models/oip/infer.h"

namespace starling::models::oip {

// Which outputs the caller wants behind the JSON of the response.
struct BinaryOutputs {
  bool all = false;                               // "binary_data_output" of the request
  std::map<std::string, bool, std::less<>> each;  // "binary_data" of an output, which goes before `all`
  bool Wants(std::string_view output) const {
    const auto found = each.find(output);
    return found != each.end() ? found->second : all;
  }
};

struct JsonInferRequest {
  InferRequest request;  // without model_name and model_version, which the path says
  BinaryOutputs binary;
};

// The first `json_bytes` of `body` are the JSON, what follows belongs to the inputs that say "binary_data_size"; their data are
// views of `body`, copied only where they are not aligned. INVALID_ARGUMENT, in a sentence for the caller, for anything that is not as
// the protocol says. Thread-safe.
absl::StatusOr<JsonInferRequest> ReadJsonRequest(const Bytes& body, size_t json_bytes);

// "data": [...] alone is read this way by tests and benchmarks: `json` is one input object.
absl::StatusOr<InferInput> ReadJsonInput(std::string_view json);

}  // namespace starling::models::oip

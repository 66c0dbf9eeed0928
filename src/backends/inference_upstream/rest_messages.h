// The messages of the Open Inference Protocol in its REST form, on the calling side. Sources: inference_rest.md of the protocol;
// Triton's extension_binary_data.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "inference/grpc_service.pb.h"
#include "inference/infer.pb.h"

namespace starling::inference_remote {

struct RestBody {
  std::string bytes;
  size_t json_bytes = 0;  // what follows are the elements of binary tensors
};

// `request`, whose inputs are raw, as a body: tensors in JSON, or (`binary`) behind it, and asks for the outputs in the same form.
// INVALID_ARGUMENT that names the input if JSON can't say what is in it: NaN, infinity, FP16, BF16, bytes that are not UTF-8.
absl::StatusOr<RestBody> WriteRestRequest(const ::inference::ModelInferRequest& request, bool binary);

// The answer with raw contents. `json_bytes` of the body are JSON. INTERNAL for what is none, or not whole: whoever answers is not
// trusted. Names, shapes and sizes are not compared with anything.
absl::StatusOr<::inference::ModelInferResponse> ReadRestResponse(std::string_view body, size_t json_bytes);

absl::StatusOr<::inference::ModelMetadataResponse> ReadRestMetadata(std::string_view body);

// Whether the server that describes itself so (GET /v2) takes binary tensors.
bool TakesBinary(std::string_view server_metadata);
// Whether a model that is answered for with 200 says otherwise: {"ready": false}.
bool SaysNotReady(std::string_view body);
// What an error's body says, in the protocol's form or in FastAPI's; empty if nothing. At most some hundred bytes.
std::string ReadRestError(std::string_view body);

}  // namespace starling::inference_remote

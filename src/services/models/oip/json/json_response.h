// The answer to POST /v2/models/{model}/infer. Sources: inference_rest.md, section "Inference Response JSON Object"; Triton's
// extension_binary_data.md.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "services/models/oip/infer.h"
#include "services/models/oip/json/json_request.h"

namespace starling::models::oip {

struct JsonInferResponse {
  Bytes body;
  size_t json_bytes = 0;  // of the body; what follows are the binary tensors
  bool has_binary = false;
};

// One body: the JSON, then the tensors that `binary` wants, each copied once. INVALID_ARGUMENT if a tensor that is to be JSON holds what
// JSON cannot say (NaN, infinity, text that is not UTF-8): such a one must be asked for in its binary form.
absl::StatusOr<JsonInferResponse> WriteJsonResponse(const InferResponse& response,
                                                    const BinaryOutputs& binary);

}  // namespace starling::models::oip

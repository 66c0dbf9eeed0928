// ModelInferRequest and ModelInferResponse on the wire. Source: inference_grpc.md and open_inference_grpc.proto of
// kserve/open-inference-protocol; the numbers of the fields are those of api/inference/infer.proto.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "services/models/oip/infer.h"
#include "services/models/oip/wire/wire.h"

namespace starling::models::oip {

// An encoding in pieces: fields, and the raw tensors that lie between them, uncopied.
struct WireMessage {
  std::string head;        // every field but the raw contents
  uint32_t raw_field = 0;  // the number of the field that each of `raw` is
  std::vector<Bytes> raw;

  size_t size() const;
  // Calls `each(prefix, raw)` for the raw contents, in order: they are written one after the other behind the head.
  template <typename Each>
  void EachRaw(Each&& each) const {
    std::string prefix;
    for (const Bytes& one : raw) {
      prefix.clear();
      AppendTag(raw_field, WireReader::Type::kLengthDelimited, &prefix);
      AppendVarint(one.size(), &prefix);
      each(prefix, one);
    }
  }
};

// Tensors in raw_input_contents are views of `message`, copied only where they are not aligned; those in typed contents are made.
// INVALID_ARGUMENT for anything that is not as the protocol says.
absl::StatusOr<InferRequest> ReadInferRequest(const Bytes& message);
WireMessage WriteInferRequest(const InferRequest& request);

// The tensors of `message` are raw_output_contents: what this program writes. INVALID_ARGUMENT for anything else.
absl::StatusOr<InferResponse> ReadInferResponse(const Bytes& message);
WireMessage WriteInferResponse(const InferResponse& response);

// ModelStreamInferResponse: `response` within it, or the error message alone if there is one.
inline constexpr uint32_t kStreamedError = 1;
inline constexpr uint32_t kStreamedResponse = 2;
WireMessage WriteStreamedInfer(std::string_view error_message, const InferResponse& response);

}  // namespace starling::models::oip

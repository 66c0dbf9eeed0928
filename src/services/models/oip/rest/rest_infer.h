// POST /v2/models/{model}[/versions/{version}]/infer. Sources: inference_rest.md; Triton's extension_binary_data.md.
#pragma once

#include <string>

#include "core/async/pool.h"
#include "core/http/routing/adapter.h"
#include "core/rpc/endpoint.h"
#include "inference/grpc_service.starling.h"
#include "services/models/oip/json/json_request.h"
#include "services/models/oip/json/json_response.h"

namespace starling::models::oip {

// Thread-safe. Large JSON is read and written on the pool: that takes longer than a loop may be kept.
class RestInfer {
 public:
  RestInfer(rpc::Endpoint& endpoint, ::inference::GRPCInferenceServiceStub& stub, async::Pool& pool)
      : endpoint_(endpoint), stub_(stub), pool_(pool) {}

  async::Task<absl::Status> Handle(http::AdapterCall& call) const;

 private:
  async::Task<absl::StatusOr<JsonInferRequest>> Read(http::AdapterCall& call) const;
  // A body that is the one input's elements and nothing else.
  async::Task<absl::StatusOr<JsonInferRequest>> ReadRaw(http::AdapterCall& call, Bytes body) const;
  async::Task<absl::StatusOr<JsonInferResponse>> Write(const InferResponse& response,
                                                       const BinaryOutputs& binary) const;

  rpc::Endpoint& endpoint_;
  ::inference::GRPCInferenceServiceStub& stub_;
  async::Pool& pool_;
};

}  // namespace starling::models::oip

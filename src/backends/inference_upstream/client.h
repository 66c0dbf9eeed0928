// Another server's model, asked over the Open Inference Protocol's gRPC service.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "backends/inference_upstream/messages.h"
#include "core/async/loop.h"
#include "core/context/request_context.h"
#include "core/rpc/endpoint.h"

namespace starling::inference_upstream {

struct UpstreamTensors {
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
};

// Whether the model behind `endpoint` takes inferences: OK, or UNAVAILABLE, or what the server said.
async::Task<absl::Status> CheckReady(RequestContext context, rpc::Endpoint& endpoint, ModelName model);

// Every function blocks its thread, which is none of a loop's, while the call goes on on `loop`. Thread-safe.
class UpstreamClient {
 public:
  // Both outlive it. No call takes longer than `timeout`.
  UpstreamClient(async::Loop& loop, rpc::Endpoint& endpoint, ModelName model,
                 std::chrono::milliseconds timeout)
      : loop_(loop), endpoint_(endpoint), model_(std::move(model)), timeout_(timeout) {}

  const ModelName& model() const { return model_; }

  // UNAVAILABLE if nobody is there or the model is not ready; INVALID_ARGUMENT if there is no such model, or what is said
  // of it makes no sense.
  absl::StatusOr<UpstreamTensors> Describe() const;

  // Errors: CANCELLED and DEADLINE_EXCEEDED of `context`; UNAVAILABLE with RetryAfter if the server is not there, does not
  // answer in time or says so; INVALID_ARGUMENT if it says that, RESOURCE_EXHAUSTED if it says when to come back; INTERNAL for the rest.
  absl::StatusOr<std::vector<Tensor>> Infer(const RequestContext& context, const UpstreamTensors& tensors,
                                            std::span<const Tensor> inputs) const;

 private:
  async::Loop& loop_;
  rpc::Endpoint& endpoint_;
  const ModelName model_;
  const std::chrono::milliseconds timeout_;
};

}  // namespace starling::inference_upstream

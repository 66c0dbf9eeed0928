// inference.GRPCInferenceService for the one call: tensors as InferMessages, everything else as generated.
#pragma once

#include <string>

#include "core/rpc/endpoint.h"
#include "services/models/oip/infer_message.h"
#include "services/models/oip/infer_runner.h"
#include "services/models/oip/open_inference_service.h"

namespace starling::models::oip {

// Serves OpenInferenceContract(). Thread-safe. The repository outlives it.
class OpenInferenceEndpoint final : public rpc::Endpoint {
 public:
  OpenInferenceEndpoint(ModelRepository& repository, TrafficRouter& traffic, std::string shared_memory_prefix,
                        size_t max_texts)
      : shared_memory_(std::move(shared_memory_prefix)),
        runner_(repository, traffic, shared_memory_, max_texts),
        service_(repository, shared_memory_),
        dispatcher_(service_) {}

  async::Task<absl::StatusOr<rpc::Payload>> Unary(RequestContext context, const rpc::Method& method,
                                                  rpc::Payload request) override;
  // The requests of a stream are answered one after the other; an error is an answer, and the stream goes on.
  async::Stream<rpc::Payload> Open(RequestContext context, const rpc::Method& method,
                                   async::Stream<rpc::Payload> requests) override;

 private:
  async::Task<absl::StatusOr<rpc::Payload>> Infer(RequestContext context, rpc::Payload request);
  async::Task<StreamedInfer> InferStreamed(RequestContext context, const StreamedRequest& request);
  async::Stream<rpc::Payload> Stream(RequestContext context, async::Stream<rpc::Payload> requests);

  SharedMemory shared_memory_;
  InferRunner runner_;
  OpenInferenceService service_;
  ::inference::GRPCInferenceServiceDispatcher dispatcher_;
};

}  // namespace starling::models::oip

// The Open Inference Protocol over HTTP: what needs more than a contract says. It calls the service by its contract over gRPC, so that it
// is the same in every placement; inline the tensors pass by reference.
#pragma once

#include <memory>

#include "core/async/pool.h"
#include "core/http/routing/adapter.h"
#include "core/rpc/endpoint.h"
#include "inference/grpc_service.starling.h"
#include "services/models/oip/rest/rest_errors.h"
#include "services/models/oip/rest/rest_infer.h"

namespace starling::models::oip {

// Thread-safe. The endpoint, of OpenInferenceContract(), outlives it.
class RestAdapter final : public http::Adapter {
 public:
  explicit RestAdapter(rpc::Endpoint& endpoint);

  const http::ErrorCodec& errors() const override { return errors_; }
  async::Task<absl::Status> Handle(http::AdapterCall& call) override;

 private:
  async::Task<absl::Status> Ready(http::AdapterCall& call);
  async::Task<absl::Status> ModelReady(http::AdapterCall& call);
  async::Task<absl::Status> Describe(http::AdapterCall& call);
  async::Task<absl::Status> Index(http::AdapterCall& call);
  async::Task<absl::Status> Control(http::AdapterCall& call);
  async::Task<absl::Status> Logging(http::AdapterCall& call);
  async::Task<absl::Status> Trace(http::AdapterCall& call);
  async::Task<absl::Status> Memory(http::AdapterCall& call);
  async::Task<absl::Status> Cuda(http::AdapterCall& call);

  ::inference::GRPCInferenceServiceStub stub_;
  RestErrors errors_;
  async::Pool pool_;
  RestInfer infer_;
};

}  // namespace starling::models::oip

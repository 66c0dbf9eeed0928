// An upstream that speaks the Open Inference Protocol over REST, behind the interface of those that speak gRPC.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "backends/inference_upstream/http_client.h"
#include "core/async/pool.h"
#include "core/rpc/endpoint.h"

namespace starling::inference_remote {

// How tensors go: as the server says that it likes them, or as the package says.
enum class TensorForm { kAuto, kJson, kBinary };

// ModelReady, ModelMetadata and ModelInfer of inference.GRPCInferenceService become requests to one server; all else is
// UNIMPLEMENTED. Errors of the server by its HTTP status, as a gRPC server would say them. Thread-safe.
class RestEndpoint final : public rpc::Endpoint {
 public:
  // `pool` outlives it: a call keeps one of its threads busy. `api_key`: sent as bearer token, unless it is empty.
  RestEndpoint(HttpClient::Options options, TensorForm form, std::string api_key, async::Pool& pool);

  async::Task<absl::StatusOr<rpc::Payload>> Unary(RequestContext context, const rpc::Method& method,
                                                  rpc::Payload request) override;
  async::Stream<rpc::Payload> Open(RequestContext context, const rpc::Method& method,
                                   async::Stream<rpc::Payload> requests) override;

 private:
  // On a thread of the pool.
  absl::StatusOr<rpc::Payload> Ask(const RequestContext& context, std::string_view method,
                                   const google::protobuf::MessageLite& request);
  absl::StatusOr<rpc::Payload> AskInfer(const RequestContext& context,
                                        const google::protobuf::MessageLite& request);
  absl::StatusOr<HttpAnswer> Get(const RequestContext& context, const std::string& path);
  absl::StatusOr<bool> IsBinary(const RequestContext& context);
  std::vector<std::string> Headers(const RequestContext& context) const;

  HttpClient client_;
  const std::string api_key_;
  async::Pool& pool_;
  std::atomic<TensorForm> form_;
};

}  // namespace starling::inference_remote

#include "backends/inference_upstream/client.h"

#include <future>
#include <string>
#include <utility>

#include "base/status.h"
#include "core/async/spawn.h"
#include "inference/grpc_service.starling.h"

namespace starling::inference_upstream {
namespace {

using Metadata = ::inference::ModelMetadataResponse;
using std::chrono::steady_clock;

// When to come back if the upstream does not say.
constexpr std::chrono::milliseconds kRetryAfter{1000};
// More tensors, or dimensions, than any model has.
constexpr int kMaxTensors = 1024;
constexpr int kMaxDimensions = 64;

template <typename T>
async::Task<void> Deliver(async::Task<T> task, std::shared_ptr<std::promise<T>> result) {
  result->set_value(co_await std::move(task));
}

template <typename T>
T Wait(async::Loop& loop, async::Task<T> task) {
  // Shared: set_value() may still be under way when the value is there.
  const auto result = std::make_shared<std::promise<T>>();
  async::Spawn(loop, Deliver(std::move(task), result));
  return result->get_future().get();
}

absl::StatusOr<std::vector<TensorSpec>> ReadSpecs(
    const google::protobuf::RepeatedPtrField<Metadata::TensorMetadata>& tensors, std::string_view what) {
  if (tensors.size() > kMaxTensors) return InvalidArgument("The upstream's model has too many ", what, "s.");
  std::vector<TensorSpec> specs;
  for (const Metadata::TensorMetadata& tensor : tensors) {
    TensorSpec spec;
    spec.name = tensor.name();
    const auto datatype = inference::ParseDataType(tensor.datatype());
    if (!datatype.ok())
      return InvalidArgument("The upstream's ", what, " '", spec.name, "': ", Message(datatype.status()));
    spec.datatype = *datatype;
    if (tensor.shape_size() > kMaxDimensions)
      return InvalidArgument("The upstream's ", what, " '", spec.name, "' has too many dimensions.");
    for (const int64_t size : tensor.shape()) {
      if (size < -1)
        return InvalidArgument("The upstream's ", what, " '", spec.name, "' has a negative size.");
      spec.shape.push_back(size);
    }
    specs.push_back(std::move(spec));
  }
  return specs;
}

async::Task<absl::StatusOr<Metadata>> Describe(RequestContext context, rpc::Endpoint& endpoint,
                                               ModelName model) {
  auto ready = CheckReady(context, endpoint, model);
  const absl::Status status = co_await std::move(ready);
  CO_RETURN_IF_ERROR(status);
  ::inference::GRPCInferenceServiceStub stub(endpoint);
  ::inference::ModelMetadataRequest request;
  request.set_name(model.name);
  request.set_version(model.version);
  auto call = stub.ModelMetadata(std::move(context), request);
  co_return co_await std::move(call);
}

async::Task<absl::StatusOr<::inference::ModelInferResponse>> Infer(RequestContext context,
                                                                   rpc::Endpoint& endpoint,
                                                                   ::inference::ModelInferRequest request) {
  ::inference::GRPCInferenceServiceStub stub(endpoint);
  auto call = stub.ModelInfer(std::move(context), request);
  co_return co_await std::move(call);
}

// What an upstream's failure is for those who asked us.
absl::Status Judged(const absl::Status& status, const RequestContext& context, const std::string& model) {
  RETURN_IF_ERROR(context.Check());
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return status;
    case absl::StatusCode::kResourceExhausted:
      // Too many requests are the upstream's to refuse. An answer that is too large is nobody's fault but its own.
      if (RetryAfter(status).has_value()) return status;
      return Internal("The upstream of model '", model, "' failed: ", Message(status));
    case absl::StatusCode::kUnavailable:
      return RetryAfter(status).has_value() ? status : WithRetryAfter(status, kRetryAfter);
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
      return WithRetryAfter(Unavailable("The upstream of model '", model, "' did not answer in time."),
                            kRetryAfter);
    default:
      return Internal("The upstream of model '", model, "' failed: ", Message(status));
  }
}

}  // namespace

async::Task<absl::Status> CheckReady(RequestContext context, rpc::Endpoint& endpoint, ModelName model) {
  ::inference::GRPCInferenceServiceStub stub(endpoint);
  ::inference::ModelReadyRequest request;
  request.set_name(model.name);
  request.set_version(model.version);
  auto call = stub.ModelReady(std::move(context), request);
  const auto response = co_await std::move(call);
  if (!response.ok()) co_return response.status();
  if (!response->ready()) co_return Unavailable("Its model '", model.name, "' is not ready.");
  co_return absl::OkStatus();
}

absl::StatusOr<UpstreamTensors> UpstreamClient::Describe() const {
  const RequestContext context = RequestContext().WithDeadline(steady_clock::now() + timeout_);
  const auto metadata = Wait(loop_, inference_upstream::Describe(context, endpoint_, model_));
  if (!metadata.ok()) {
    const absl::Status& status = metadata.status();
    switch (status.code()) {
      case absl::StatusCode::kNotFound:
      case absl::StatusCode::kInvalidArgument:
      case absl::StatusCode::kUnimplemented:
        return InvalidArgument("The upstream does not serve '", model_.name, "': ", Message(status));
      default:
        return Unavailable("The upstream cannot be asked for '", model_.name, "': ", Message(status));
    }
  }
  UpstreamTensors tensors;
  ASSIGN_OR_RETURN(tensors.inputs, ReadSpecs(metadata->inputs(), "input"));
  ASSIGN_OR_RETURN(tensors.outputs, ReadSpecs(metadata->outputs(), "output"));
  return tensors;
}

absl::StatusOr<std::vector<Tensor>> UpstreamClient::Infer(const RequestContext& context,
                                                          const UpstreamTensors& tensors,
                                                          std::span<const Tensor> inputs) const {
  const RequestContext limited = context.WithDeadline(steady_clock::now() + timeout_);
  auto answer =
      Wait(loop_, inference_upstream::Infer(limited, endpoint_,
                                            MakeRequest(model_, tensors.inputs, inputs, tensors.outputs)));
  if (!answer.ok()) return Judged(answer.status(), context, model_.name);
  const auto response = std::make_shared<const ::inference::ModelInferResponse>(*std::move(answer));
  return ReadResponse(response, tensors.outputs);
}

}  // namespace starling::inference_upstream

#include "services/models/oip/open_inference_endpoint.h"

#include <optional>
#include <utility>

#include "base/status.h"
#include "core/rpc/convert.h"

namespace starling::models::oip {
namespace {

constexpr std::string_view kInfer = "ModelInfer";
constexpr std::string_view kStreamInfer = "ModelStreamInfer";
constexpr char kFinalResponse[] = "triton_final_response";

// Clients from outside hear no internals in a stream either: the status of a whole call is hidden at the edge, this message is not.
std::string ForCaller(const absl::Status& status, const RequestContext& context) {
  if (status.code() != absl::StatusCode::kInternal) return std::string(Message(status));
  return StrCat("Internal server error. Request id: ", context.request_id(), ".");
}

}  // namespace

async::Task<absl::StatusOr<rpc::Payload>> OpenInferenceEndpoint::Unary(RequestContext context,
                                                                       const rpc::Method& method,
                                                                       rpc::Payload request) {
  if (method.name == kInfer) return Infer(std::move(context), std::move(request));
  return dispatcher_.Unary(std::move(context), method, std::move(request));
}

async::Task<absl::StatusOr<rpc::Payload>> OpenInferenceEndpoint::Infer(RequestContext context,
                                                                       rpc::Payload request) {
  CO_ASSIGN_OR_RETURN(const rpc::Payload decoded, rpc::Decode(std::move(request), InferRequestType()));
  const auto& message = static_cast<const InferRequestMessage&>(decoded.message());
  auto run = runner_.Infer(std::move(context), message.value);
  CO_ASSIGN_OR_RETURN(InferResponse response, co_await std::move(run));
  co_return MakePayload<InferResponseMessage>(std::move(response));
}

async::Stream<rpc::Payload> OpenInferenceEndpoint::Open(RequestContext context, const rpc::Method& method,
                                                        async::Stream<rpc::Payload> requests) {
  if (method.name == kStreamInfer) return Stream(std::move(context), std::move(requests));
  return dispatcher_.Open(std::move(context), method, std::move(requests));
}

async::Task<StreamedInfer> OpenInferenceEndpoint::InferStreamed(RequestContext context,
                                                                const StreamedRequest& request) {
  absl::StatusOr<InferResponse> response = InferResponse();
  if (request.status.ok()) {
    auto run = runner_.Infer(context, request.request);
    response = co_await std::move(run);
  } else {
    response = request.status;
  }
  StreamedInfer streamed;
  if (!response.ok()) {
    streamed.error_message = ForCaller(response.status(), context);
    streamed.response.id = request.request.id;
    co_return streamed;
  }
  streamed.response = *std::move(response);
  // Every request has one response, which is its last.
  streamed.response.parameters.Set(kFinalResponse, true);
  co_return streamed;
}

async::Stream<rpc::Payload> OpenInferenceEndpoint::Stream(RequestContext context,
                                                          async::Stream<rpc::Payload> requests) {
  while (true) {
    auto item = co_await requests.Next();
    if (!item.ok()) co_return item.status();
    if (!item->has_value()) co_return absl::OkStatus();
    const absl::StatusOr<rpc::Payload> decoded = rpc::Decode(**std::move(item), StreamedRequestType());
    if (!decoded.ok()) co_return decoded.status();
    const auto& message = static_cast<const StreamedRequestMessage&>(decoded->message());
    auto run = InferStreamed(context, message.value);
    StreamedInfer response = co_await std::move(run);
    co_yield MakePayload<StreamedInferMessage>(std::move(response));
  }
}

}  // namespace starling::models::oip

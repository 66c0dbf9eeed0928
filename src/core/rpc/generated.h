// What generated stubs and dispatchers are made of: the way between messages and payloads, once for each call shape.
// Messages are cast without a check, because a generated method table names their types; payloads that are encoded are parsed.
#pragma once

#include <climits>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "core/async/stream.h"
#include "core/async/task.h"
#include "core/context/request_context.h"
#include "core/rpc/endpoint.h"
#include "core/rpc/method.h"
#include "core/rpc/payload.h"

namespace starling::rpc::generated {

// Position of `method` in `methods`, or methods.size(): by address, and for a method of another table by its path.
inline size_t IndexOf(std::span<const Method> methods, const Method& method) {
  if (&method >= methods.data() && &method < methods.data() + methods.size()) {
    return static_cast<size_t>(&method - methods.data());
  }
  size_t index = 0;
  while (index < methods.size() && methods[index].path != method.path) ++index;
  return index;
}

inline absl::Status NoSuchMethod(const Method& method) {
  return Unimplemented("There is no method ", method.path, " here.");
}

// Fills an empty message from a payload: moved if nobody else holds it. `code` is what undecodable bytes are: the
// caller's fault (INVALID_ARGUMENT) on the way in, the peer's (INTERNAL) on the way back.
template <typename T>
absl::Status Receive(const Payload& payload, absl::StatusCode code, T* out) {
  if (payload.has_message()) {
    if (auto* message = payload.mutable_message(); message != nullptr) {
      *out = std::move(*static_cast<T*>(message));
    } else {
      *out = static_cast<const T&>(payload.message());
    }
    return absl::OkStatus();
  }
  const std::string_view bytes = payload.bytes().view();
  if (bytes.size() > INT_MAX || !out->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::Status(code, StrCat("These bytes are not a valid ", out->GetTypeName(), "."));
  }
  return absl::OkStatus();
}

template <typename T>
Payload Send(T message) {
  return Payload::Own(std::make_shared<T>(std::move(message)));
}

template <typename T>
async::Stream<T> ReceiveAll(async::Stream<Payload> payloads, absl::StatusCode code) {
  while (true) {
    auto payload = co_await payloads.Next();
    if (!payload.ok()) co_return std::move(payload).status();
    if (!payload->has_value()) co_return absl::OkStatus();
    T message;
    CO_RETURN_IF_ERROR(Receive(**payload, code, &message));
    payload->reset();
    co_yield std::move(message);
  }
}

template <typename T>
async::Stream<Payload> SendAll(async::Stream<T> messages) {
  while (true) {
    auto message = co_await messages.Next();
    if (!message.ok()) co_return std::move(message).status();
    if (!message->has_value()) co_return absl::OkStatus();
    co_yield Send(std::move(**message));
  }
}

// The four shapes, called by a stub. `endpoint` and `method` outlive the call.
template <typename Response, typename Request>
async::Task<absl::StatusOr<Response>> CallUnary(Endpoint& endpoint, const Method& method,
                                                RequestContext context, const Request& request) {
  auto payload = co_await endpoint.Unary(std::move(context), method, Payload::Borrow(request));
  if (!payload.ok()) co_return std::move(payload).status();
  // Made in place: a message is moved once, out of the payload.
  absl::StatusOr<Response> response(absl::in_place);
  if (auto status = Receive(*payload, absl::StatusCode::kInternal, &*response); !status.ok())
    co_return status;
  co_return response;
}

template <typename Response, typename Request>
async::Stream<Response> CallServerStream(Endpoint& endpoint, const Method& method, RequestContext context,
                                         Request request) {
  auto requests = async::StreamOf(Send(std::move(request)));
  return ReceiveAll<Response>(endpoint.Open(std::move(context), method, std::move(requests)),
                              absl::StatusCode::kInternal);
}

template <typename Response, typename Request>
async::Task<absl::StatusOr<Response>> CallClientStream(Endpoint& endpoint, const Method& method,
                                                       RequestContext context,
                                                       async::Stream<Request> requests) {
  auto responses = endpoint.Open(std::move(context), method, SendAll(std::move(requests)));
  auto payload = co_await responses.Next();
  if (!payload.ok()) co_return std::move(payload).status();
  if (!payload->has_value()) co_return Internal("The call of ", method.path, " ended without a response.");
  absl::StatusOr<Response> response(absl::in_place);
  if (auto status = Receive(**payload, absl::StatusCode::kInternal, &*response); !status.ok())
    co_return status;
  // The status of the call comes after its one response.
  auto end = co_await responses.Next();
  if (!end.ok()) co_return std::move(end).status();
  if (end->has_value()) co_return Internal("The call of ", method.path, " gave more than one response.");
  co_return response;
}

template <typename Response, typename Request>
async::Stream<Response> CallBidi(Endpoint& endpoint, const Method& method, RequestContext context,
                                 async::Stream<Request> requests) {
  return ReceiveAll<Response>(endpoint.Open(std::move(context), method, SendAll(std::move(requests))),
                              absl::StatusCode::kInternal);
}

// The four shapes, answered by a dispatcher. `service` outlives the call.
template <typename Service, typename Request, typename Response>
async::Task<absl::StatusOr<Payload>> ServeUnary(
    Service& service,
    async::Task<absl::StatusOr<Response>> (Service::*handler)(RequestContext, const Request&),
    RequestContext context, Payload payload) {
  std::optional<Request> parsed;
  if (!payload.has_message()) {
    parsed.emplace();
    if (auto status = Receive(payload, absl::StatusCode::kInvalidArgument, &*parsed); !status.ok()) {
      co_return status;
    }
  }
  const Request& request = parsed.has_value() ? *parsed : static_cast<const Request&>(payload.message());
  auto response = co_await (service.*handler)(std::move(context), request);
  if (!response.ok()) co_return std::move(response).status();
  co_return Send(*std::move(response));
}

template <typename Service, typename Request, typename Response>
async::Stream<Payload> ServeServerStream(Service& service,
                                         async::Stream<Response> (Service::*handler)(RequestContext, Request),
                                         RequestContext context, async::Stream<Payload> requests) {
  auto payload = co_await requests.Next();
  if (!payload.ok()) co_return std::move(payload).status();
  if (!payload->has_value()) co_return InvalidArgument("The call ended without a request.");
  Request request;
  CO_RETURN_IF_ERROR(Receive(**payload, absl::StatusCode::kInvalidArgument, &request));
  payload->reset();
  auto responses = (service.*handler)(std::move(context), std::move(request));
  while (true) {
    auto response = co_await responses.Next();
    if (!response.ok()) co_return std::move(response).status();
    if (!response->has_value()) co_return absl::OkStatus();
    co_yield Send(std::move(**response));
  }
}

template <typename Service, typename Request, typename Response>
async::Stream<Payload> ServeClientStream(
    Service& service,
    async::Task<absl::StatusOr<Response>> (Service::*handler)(RequestContext, async::Stream<Request>),
    RequestContext context, async::Stream<Payload> requests) {
  auto messages = ReceiveAll<Request>(std::move(requests), absl::StatusCode::kInvalidArgument);
  auto response = co_await (service.*handler)(std::move(context), std::move(messages));
  if (!response.ok()) co_return std::move(response).status();
  co_yield Send(*std::move(response));
  co_return absl::OkStatus();
}

template <typename Service, typename Request, typename Response>
async::Stream<Payload> ServeBidi(Service& service,
                                 async::Stream<Response> (Service::*handler)(RequestContext,
                                                                             async::Stream<Request>),
                                 RequestContext context, async::Stream<Payload> requests) {
  auto messages = ReceiveAll<Request>(std::move(requests), absl::StatusCode::kInvalidArgument);
  return SendAll((service.*handler)(std::move(context), std::move(messages)));
}

inline async::Task<absl::StatusOr<Payload>> RefuseUnary(absl::Status status) { co_return status; }
inline async::Stream<Payload> RefuseStream(absl::Status status) {
  return async::FailedStream<Payload>(std::move(status));
}

template <typename T>
std::shared_ptr<google::protobuf::MessageLite> Create() {
  return std::make_shared<T>();
}

}  // namespace starling::rpc::generated

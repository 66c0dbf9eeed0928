#include "test_service.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "core/async/sleep.h"

namespace starling::interop {
namespace {

void Fill(int64_t size, Payload* payload) { payload->set_body(std::string(static_cast<size_t>(size), '\0')); }

absl::Status StatusOf(const EchoStatus& echo) {
  return absl::Status(static_cast<absl::StatusCode>(echo.code()), echo.message());
}

// Takes the next request's fact. INVALID_ARGUMENT if the client says that it sent something else.
absl::Status CheckCompressed(WireFacts& facts, bool asked, const BoolValue& expected) {
  bool compressed = false;
  if (!facts.request_compressed.empty()) {
    compressed = facts.request_compressed.front();
    facts.request_compressed.pop_front();
  }
  if (!asked || compressed == expected.value()) return absl::OkStatus();
  return InvalidArgument("The request is ", compressed ? "" : "not ", "compressed.");
}

// The answers that one request asks for.
async::Stream<StreamingOutputCallResponse> Answers(RequestContext context, std::shared_ptr<WireFacts> facts,
                                                   StreamingOutputCallRequest request) {
  if (request.response_status().code() != 0) co_return StatusOf(request.response_status());
  for (const ResponseParameters& wanted : request.response_parameters()) {
    if (wanted.interval_us() > 0) {
      const std::chrono::microseconds interval(wanted.interval_us());
      CO_RETURN_IF_ERROR(co_await async::Sleep(interval, context.cancel()));
    }
    if (wanted.has_compressed()) facts->compress_response.push_back(wanted.compressed().value());
    StreamingOutputCallResponse response;
    Fill(wanted.size(), response.mutable_payload());
    co_yield std::move(response);
  }
  co_return absl::OkStatus();
}

}  // namespace

async::Task<absl::StatusOr<Empty>> InteropService::EmptyCall(RequestContext, const Empty&) {
  co_return Empty();
}

async::Task<absl::StatusOr<SimpleResponse>> InteropService::UnaryCall(RequestContext context,
                                                                      const SimpleRequest& request) {
  const auto facts = book_.Find(context.request_id());
  CO_RETURN_IF_ERROR(CheckCompressed(*facts, request.has_expect_compressed(), request.expect_compressed()));
  if (request.response_status().code() != 0) co_return StatusOf(request.response_status());
  if (request.has_response_compressed()) {
    facts->compress_response.push_back(request.response_compressed().value());
  }
  SimpleResponse response;
  Fill(request.response_size(), response.mutable_payload());
  co_return response;
}

async::Stream<StreamingOutputCallResponse> InteropService::StreamingOutputCall(
    RequestContext context, StreamingOutputCallRequest request) {
  auto facts = book_.Find(context.request_id());
  return Answers(std::move(context), std::move(facts), std::move(request));
}

async::Task<absl::StatusOr<StreamingInputCallResponse>> InteropService::StreamingInputCall(
    RequestContext context, async::Stream<StreamingInputCallRequest> requests) {
  const auto facts = book_.Find(context.request_id());
  StreamingInputCallResponse response;
  while (true) {
    auto request = co_await requests.Next();
    if (!request.ok()) co_return request.status();
    if (!request->has_value()) co_return response;
    CO_RETURN_IF_ERROR(
        CheckCompressed(*facts, (**request).has_expect_compressed(), (**request).expect_compressed()));
    const auto size = static_cast<int>((**request).payload().body().size());
    response.set_aggregated_payload_size(response.aggregated_payload_size() + size);
  }
}

async::Stream<StreamingOutputCallResponse> InteropService::FullDuplexCall(
    RequestContext context, async::Stream<StreamingOutputCallRequest> requests) {
  const auto facts = book_.Find(context.request_id());
  while (true) {
    auto request = co_await requests.Next();
    if (!request.ok()) co_return request.status();
    if (!request->has_value()) co_return absl::OkStatus();
    auto answers = Answers(context, facts, std::move(**request));
    while (true) {
      auto answer = co_await answers.Next();
      if (!answer.ok()) co_return answer.status();
      if (!answer->has_value()) break;
      co_yield std::move(**answer);
    }
  }
}

async::Stream<StreamingOutputCallResponse> InteropService::HalfDuplexCall(
    RequestContext context, async::Stream<StreamingOutputCallRequest> requests) {
  const auto facts = book_.Find(context.request_id());
  StreamingOutputCallRequest all;
  while (true) {
    auto request = co_await requests.Next();
    if (!request.ok()) co_return request.status();
    if (!request->has_value()) break;
    all.MergeFrom(**request);
  }
  auto answers = Answers(context, facts, std::move(all));
  while (true) {
    auto answer = co_await answers.Next();
    if (!answer.ok()) co_return answer.status();
    if (!answer->has_value()) co_return absl::OkStatus();
    co_yield std::move(**answer);
  }
}

async::Task<absl::StatusOr<Empty>> InteropService::UnimplementedCall(RequestContext, const Empty&) {
  co_return Unimplemented("As the interop tests want it.");
}

}  // namespace starling::interop

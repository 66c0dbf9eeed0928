// The gRPC project's interop cases with our channel as the client.
//   interop_client ADDRESS CASE      exit status 0 if the case holds; else a sentence on standard error
#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "core/async/channel.h"
#include "core/async/sleep.h"
#include "core/async/spawn.h"
#include "core/grpc/channel.h"
#include "core/http/exchange.h"
#include "interop/proto/test.starling.h"

namespace starling::interop {
namespace {

using namespace ::grpc::testing;  // NOLINT: the test's own vocabulary

constexpr int kRequestSizes[] = {27182, 8, 1828, 45904};
constexpr int kAnswerSizes[] = {31415, 9, 2653, 58979};
constexpr int kLargeRequest = 271828, kLargeAnswer = 314159;
constexpr char kSpecialMessage[] =
    "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n";

RequestContext Within(std::chrono::milliseconds time, CancelToken cancel = CancelToken()) {
  return RequestContext().WithDeadline(std::chrono::steady_clock::now() + time).WithCancel(std::move(cancel));
}
RequestContext Soon() { return Within(std::chrono::seconds(20)); }

absl::Status Check(bool holds, std::string_view what) {
  return holds ? absl::OkStatus() : Internal("not so: ", what);
}

absl::Status CheckStatus(const absl::Status& status, absl::StatusCode code) {
  return status.code() == code ? absl::OkStatus() : Internal("another status: ", status.ToString());
}

std::string Zeros(int size) { return std::string(static_cast<size_t>(size), '\0'); }

StreamingOutputCallRequest Asking(int answer, int request) {
  StreamingOutputCallRequest asking;
  asking.add_response_parameters()->set_size(answer);
  asking.mutable_payload()->set_body(Zeros(request));
  return asking;
}

async::Task<absl::Status> EmptyUnary(TestService& service) {
  const Empty empty;
  const auto answer = co_await service.EmptyCall(Soon(), empty);
  co_return answer.status();
}

async::Task<absl::Status> LargeUnary(TestService& service) {
  SimpleRequest request;
  request.set_response_size(kLargeAnswer);
  request.mutable_payload()->set_body(Zeros(kLargeRequest));
  const auto answer = co_await service.UnaryCall(Soon(), request);
  CO_RETURN_IF_ERROR(answer.status());
  co_return Check(answer->payload().body() == Zeros(kLargeAnswer), "the answer's size");
}

async::Stream<StreamingInputCallRequest> Inputs() {
  for (const int size : kRequestSizes) {
    StreamingInputCallRequest request;
    request.mutable_payload()->set_body(Zeros(size));
    co_yield std::move(request);
  }
  co_return absl::OkStatus();
}

async::Task<absl::Status> ClientStreaming(TestService& service) {
  const auto answer = co_await service.StreamingInputCall(Soon(), Inputs());
  CO_RETURN_IF_ERROR(answer.status());
  co_return Check(answer->aggregated_payload_size() == 74922, "the sum");
}

async::Task<absl::Status> ServerStreaming(TestService& service) {
  StreamingOutputCallRequest request;
  for (const int size : kAnswerSizes) request.add_response_parameters()->set_size(size);
  auto answers = service.StreamingOutputCall(Soon(), request);
  for (const int size : kAnswerSizes) {
    auto answer = co_await answers.Next();
    CO_RETURN_IF_ERROR(answer.status());
    CO_RETURN_IF_ERROR(Check(answer->has_value(), "one more answer"));
    CO_RETURN_IF_ERROR(Check((**answer).payload().body() == Zeros(size), "an answer's size"));
  }
  auto end = co_await answers.Next();
  CO_RETURN_IF_ERROR(end.status());
  co_return Check(!end->has_value(), "the end");
}

async::Task<absl::Status> PingPong(TestService& service) {
  const async::Channel<StreamingOutputCallRequest> requests(1);
  auto answers = service.FullDuplexCall(Soon(), async::Channel<StreamingOutputCallRequest>::Read(requests));
  for (size_t i = 0; i < std::size(kAnswerSizes); ++i) {
    CO_RETURN_IF_ERROR(
        Check(requests.TryPush(Asking(kAnswerSizes[i], kRequestSizes[i])), "the request before was taken"));
    auto answer = co_await answers.Next();
    CO_RETURN_IF_ERROR(answer.status());
    CO_RETURN_IF_ERROR(Check(answer->has_value(), "one more answer"));
    CO_RETURN_IF_ERROR(Check((**answer).payload().body() == Zeros(kAnswerSizes[i]), "an answer's size"));
  }
  requests.Close(absl::OkStatus());
  auto end = co_await answers.Next();
  CO_RETURN_IF_ERROR(end.status());
  co_return Check(!end->has_value(), "the end");
}

async::Stream<StreamingOutputCallRequest> NoRequests() { co_return absl::OkStatus(); }

async::Task<absl::Status> EmptyStream(TestService& service) {
  auto answers = service.FullDuplexCall(Soon(), NoRequests());
  auto end = co_await answers.Next();
  CO_RETURN_IF_ERROR(end.status());
  co_return Check(!end->has_value(), "the end");
}

// The requests of a caller who says one and then thinks until `cancel`.
async::Stream<StreamingOutputCallRequest> OneThenSilence(CancelToken cancel) {
  co_yield Asking(kAnswerSizes[0], kRequestSizes[0]);
  co_return co_await async::Sleep(std::chrono::hours(1), cancel);
}

async::Task<absl::Status> CancelAfterFirstResponse(TestService& service) {
  CancelSource cancel;
  auto answers = service.FullDuplexCall(Within(std::chrono::seconds(20), cancel.token()),
                                        OneThenSilence(cancel.token()));
  auto first = co_await answers.Next();
  CO_RETURN_IF_ERROR(first.status());
  cancel.Cancel(absl::CancelledError("enough"));
  auto second = co_await answers.Next();
  co_return CheckStatus(second.status(), absl::StatusCode::kCancelled);
}

async::Stream<StreamingInputCallRequest> SilentInputs(CancelToken cancel) {
  co_return co_await async::Sleep(std::chrono::hours(1), cancel);
}

async::Task<absl::Status> CancelAfterBegin(TestService& service) {
  CancelSource cancel;
  const async::Timer soon = async::Loop::Current()->After(
      std::chrono::milliseconds(20), [&cancel] { cancel.Cancel(absl::CancelledError("not any more")); });
  const auto answer = co_await service.StreamingInputCall(Within(std::chrono::seconds(20), cancel.token()),
                                                          SilentInputs(cancel.token()));
  co_return CheckStatus(answer.status(), absl::StatusCode::kCancelled);
}

async::Task<absl::Status> TimeoutOnSleepingServer(TestService& service) {
  CancelSource cancel;
  auto answers = service.FullDuplexCall(Within(std::chrono::milliseconds(1)), OneThenSilence(cancel.token()));
  absl::Status status;
  while (status.ok()) {
    auto item = co_await answers.Next();
    status = item.status();
    if (status.ok() && !item->has_value()) break;
  }
  cancel.Cancel(absl::CancelledError("over"));
  co_return CheckStatus(status, absl::StatusCode::kDeadlineExceeded);
}

async::Task<absl::Status> StatusOf(TestService& service, std::string message) {
  SimpleRequest request;
  request.mutable_response_status()->set_code(2);
  request.mutable_response_status()->set_message(message);
  const auto answer = co_await service.UnaryCall(Soon(), request);
  CO_RETURN_IF_ERROR(CheckStatus(answer.status(), absl::StatusCode::kUnknown));
  co_return Check(Message(answer.status()) == message, "the status's message");
}
async::Task<absl::Status> StatusCodeAndMessage(TestService& service) {
  return StatusOf(service, "test status message");
}
async::Task<absl::Status> SpecialStatusMessage(TestService& service) {
  return StatusOf(service, kSpecialMessage);
}

async::Task<absl::Status> UnimplementedMethod(TestService& service) {
  const Empty empty;
  const auto answer = co_await service.UnimplementedCall(Soon(), empty);
  co_return CheckStatus(answer.status(), absl::StatusCode::kUnimplemented);
}

int Main(const char* address, const std::string& name) {
  const std::map<std::string, async::Task<absl::Status> (*)(TestService&)> cases = {
      {"empty_unary", EmptyUnary},
      {"large_unary", LargeUnary},
      {"client_streaming", ClientStreaming},
      {"server_streaming", ServerStreaming},
      {"ping_pong", PingPong},
      {"empty_stream", EmptyStream},
      {"cancel_after_begin", CancelAfterBegin},
      {"cancel_after_first_response", CancelAfterFirstResponse},
      {"timeout_on_sleeping_server", TimeoutOnSleepingServer},
      {"status_code_and_message", StatusCodeAndMessage},
      {"special_status_message", SpecialStatusMessage},
      {"unimplemented_method", UnimplementedMethod},
  };
  async::Loop loop;
  grpc::ChannelOptions options;
  options.address = address;
  options.add_headers = [](const rpc::Method&, http::Headers* headers) {
    headers->Add("x-grpc-test-echo-initial", "test_initial_metadata_value");
    headers->Add("x-grpc-test-echo-trailing-bin", "q6ur");
  };
  absl::Status result;
  {
    grpc::Channel channel(options);
    TestServiceStub service(channel);
    if (name == "unimplemented_service") {
      const Empty empty;
      UnimplementedServiceStub nobody(channel);
      const auto answer = async::BlockOn(loop, nobody.UnimplementedCall(Soon(), empty));
      result = CheckStatus(answer.status(), absl::StatusCode::kUnimplemented);
    } else if (const auto found = cases.find(name); found != cases.end()) {
      result = async::BlockOn(loop, found->second(service));
    } else {
      result = NotFound("There is no case ", name, ".");
    }
  }
  if (!result.ok()) std::cerr << result << "\n";
  return result.ok() ? 0 : 1;
}

}  // namespace
}  // namespace starling::interop

int main(int argc, char** argv) {
  if (argc == 3) return starling::interop::Main(argv[1], argv[2]);
  std::cerr << "interop_client ADDRESS CASE\n";
  return 2;
}

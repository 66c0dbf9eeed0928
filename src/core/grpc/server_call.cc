#include "core/grpc/server_call.h"

#include <exception>
#include <utility>

#include "base/status.h"
#include "core/grpc/metadata.h"
#include "core/grpc/status_codec.h"
#include "core/http/edge/caller.h"
#include "core/rpc/admission.h"

namespace starling::grpc {
namespace {

constexpr uint32_t kHttp2Cancel = 8;

// "gzip" as one of a comma-separated list.
bool NamesGzip(std::string_view list) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    std::string_view item = list.substr(0, comma);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (item == "gzip") return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

struct ServerCall::Source {
  Source(http::Exchange& e, const HandlerOptions& options)
      : exchange(&e), reader([this] { return Read(); }, options.max_request_bytes, options.pool) {}
  async::Task<absl::StatusOr<std::optional<Bytes>>> Read() {
    if (exchange == nullptr) co_return Cancelled("The call has ended.");
    co_return co_await exchange->Read();
  }
  http::Exchange* exchange;  // null once the call has ended
  MessageReader reader;
};

ServerCall::ServerCall(http::Exchange& exchange, const HandlerOptions& options, const Handler::Route& route)
    : exchange_(exchange),
      options_(options),
      method_(*route.method),
      endpoint_(*route.endpoint),
      admission_(route.admission),
      source_(std::make_shared<Source>(exchange, options)) {}

ServerCall::~ServerCall() { source_->exchange = nullptr; }

async::Task<void> ServerCall::Run() {
  bool broken = false;
  auto context = Begin();
  if (!context.ok()) {
    co_await End(context.status());
  } else {
    try {
      if (method_.shape == rpc::CallShape::kUnary) {
        co_await Unary(*std::move(context));
      } else {
        co_await Streaming(*std::move(context));
      }
    } catch (const std::exception&) {
      broken = true;
    }
  }
  if (broken) co_await End(Internal("An exception left a handler."));
  deadline_.Cancel();
  co_await late_.Join();
}

absl::StatusOr<RequestContext> ServerCall::Begin() {
  const http::Request& request = exchange_.request();
  if (const auto encoding = request.headers.Get("grpc-encoding");
      encoding.has_value() && *encoding != "identity") {
    if (*encoding != "gzip") return Unimplemented("The encoding '", *encoding, "' is not supported.");
    source_->reader.set_gzip(true);
  }
  accepts_gzip_ = options_.compress_over_bytes != SIZE_MAX &&
                  NamesGzip(request.headers.Get("grpc-accept-encoding").value_or(""));
  request_id_ = http::RequestIdOf(request);
  ASSIGN_OR_RETURN(Principal caller, http::Identify(request, options_.authenticator));
  caller_is_service_ = caller.kind == Principal::Kind::kService;
  const absl::Status access = http::CheckAccess(method_, caller);
  if (access.ok() && admission_ != nullptr) RETURN_IF_ERROR(admission_->Check());
  http::Arrival arrival = http::ReadArrival(request, std::move(caller), request_id_);
  TraceContext trace = arrival.trace.value_or(TraceContext());
  if (options_.tracer != nullptr) {
    span_ = options_.tracer->StartRequest(arrival.trace, method_.path.substr(1), observe::SpanKind::kServer);
    trace = span_.trace();
  }
  RETURN_IF_ERROR(access);
  ASSIGN_OR_RETURN(const MonotonicTime deadline, ReadDeadline(request));
  RequestContext context(std::move(arrival.origin), deadline, exchange_.cancel(), trace);
  if (!context.has_deadline()) return context;
  const auto left = context.deadline() - std::chrono::steady_clock::now();
  if (left.count() <= 0) return DeadlineExceeded("The deadline has passed.");
  cancel_.emplace(exchange_.cancel());
  deadline_ = async::Loop::Current()->After(left, [this] { OnDeadline(); });
  return context.WithCancel(cancel_->token());
}

async::Task<void> ServerCall::Unary(RequestContext context) {
  auto message = co_await source_->reader.Next();
  if (!message.ok()) {
    co_await End(message.status());
    co_return;
  }
  if (!message->has_value()) {
    co_await End(Internal("The call has no request message."));
    co_return;
  }
  rpc::MethodAdmission::Ticket ticket;
  if (admission_ != nullptr) {
    if (absl::Status busy = admission_->Begin(&ticket); !busy.ok()) {
      co_await End(std::move(busy));
      co_return;
    }
  }
  const auto response =
      co_await endpoint_.Unary(std::move(context), method_, rpc::Payload::Encoded(**std::move(message)));
  ticket.End(response.ok());
  if (ended_) co_return;
  auto frame = response.ok() ? Encoded(*response) : absl::StatusOr<Bytes>(ForCaller(response.status()));
  if (!frame.ok()) {
    co_await End(frame.status());
    co_return;
  }
  Bytes wire = *std::move(frame);
  if (Compresses(wire)) {
    Bytes packed = co_await Pack(std::move(wire), options_.pool);
    wire = std::move(packed);
  }
  if (std::exchange(ended_, true)) co_return;
  http::Headers trailers;
  AddStatus(absl::OkStatus(), &trailers);
  (void)co_await exchange_.Respond(200, ResponseHeaders(), std::move(wire), std::move(trailers));
}

async::Stream<rpc::Payload> ServerCall::Requests(std::shared_ptr<Source> source) {
  while (true) {
    auto message = co_await source->reader.Next();
    if (!message.ok()) co_return message.status();
    if (!message->has_value()) co_return absl::OkStatus();
    co_yield rpc::Payload::Encoded(**std::move(message));
  }
}

async::Task<void> ServerCall::Streaming(RequestContext context) {
  auto responses = endpoint_.Open(std::move(context), method_, Requests(source_));
  while (true) {
    auto item = co_await responses.Next();
    if (ended_) co_return;
    if (!item.ok() || !item->has_value()) {
      co_await End(ForCaller(item.status()));
      co_return;
    }
    auto frame = Encoded(**item);
    if (!frame.ok()) {
      co_await End(frame.status());
      co_return;
    }
    Bytes wire = *std::move(frame);
    if (Compresses(wire)) {
      Bytes packed = co_await Pack(std::move(wire), options_.pool);
      wire = std::move(packed);
    }
    if (ended_) co_return;
    if (!exchange_.response_started()) {
      if (!(co_await exchange_.Start(200, ResponseHeaders())).ok()) co_return;
    }
    writing_ = true;
    const absl::Status written = co_await exchange_.Write(std::move(wire));
    writing_ = false;
    if (!written.ok() || ended_) co_return;
  }
}

absl::StatusOr<Bytes> ServerCall::Encoded(const rpc::Payload& response) const {
  ASSIGN_OR_RETURN(Bytes frame, EncodeFrame(response));
  if (frame.size() - kFrameHeader > options_.max_response_bytes) {
    return ResourceExhausted("The response is larger than ", options_.max_response_bytes, " bytes.");
  }
  return frame;
}

http::Headers ServerCall::ResponseHeaders() const {
  http::Headers headers;
  headers.Add("content-type", "application/grpc");
  if (accepts_gzip_) headers.Add("grpc-encoding", "gzip");
  return headers;
}

async::Task<void> ServerCall::End(absl::Status status) {
  if (std::exchange(ended_, true)) co_return;
  span_.SetStatus(status);
  http::Headers trailers;
  if (exchange_.response_started()) {
    AddStatus(status, &trailers);
    (void)co_await exchange_.Finish(std::move(trailers));
    co_return;
  }
  trailers.Add("content-type", "application/grpc");
  if (status.code() == absl::StatusCode::kUnimplemented) trailers.Add("grpc-accept-encoding", "gzip");
  AddStatus(status, &trailers);
  (void)co_await exchange_.Respond(200, std::move(trailers), Bytes());
}

void ServerCall::OnDeadline() {
  const absl::Status status = DeadlineExceeded("The deadline has passed.");
  cancel_->Cancel(status);
  if (ended_) return;
  if (writing_) {
    ended_ = true;
    exchange_.Abort(kHttp2Cancel);
  } else {
    late_.Start(End(status));
  }
}

absl::Status ServerCall::ForCaller(absl::Status status) const {
  if (caller_is_service_ || !options_.hide_internal_errors) return status;
  switch (status.code()) {
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
      return absl::Status(status.code(), StrCat("Internal server error. Request id: ", request_id_, "."));
    default:
      return status;
  }
}

}  // namespace starling::grpc

#include "core/http/routing/json_route.h"

#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "core/async/loop.h"
#include "core/async/spawn.h"
#include "core/http/edge/caller.h"
#include "core/http/routing/error_body.h"
#include "core/http/routing/event_stream.h"
#include "core/http/routing/negotiation.h"
#include "core/http/routing/query.h"
#include "core/http/routing/respond_error.h"
#include "core/rpc/convert.h"

namespace starling::http {
namespace {

constexpr int kNotAcceptable = 406;
constexpr int kRequestTimeout = 408;
constexpr int kPayloadTooLarge = 413;
constexpr int kUnsupportedMediaType = 415;
constexpr size_t kNamesBytes = 128;

// Without parameters such as charset; UTF-8 is what JSON is in (RFC 8259, section 8.1).
bool IsJson(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && content_type.back() == ' ') content_type.remove_suffix(1);
  return content_type == "application/json" || content_type.ends_with("+json");
}

}  // namespace

// One request, in the coroutine of its handler.
class JsonRoute::Call {
 public:
  Call(const JsonRoute& route, Exchange& exchange, const RouteMatch& match)
      : route_(route), exchange_(exchange), match_(match), cancel_(exchange.cancel()) {}

  async::Task<void> Run(Principal caller, absl::Status access) {
    const absl::Status begun = co_await Begin(std::move(caller), std::move(access));
    if (!begun.ok()) {
      span_.SetStatus(begun);
      co_return co_await RespondError(exchange_, begun, match_.request_id, http_status_);
    }
    if (route_.method_.shape == rpc::CallShape::kUnary) {
      co_await Unary();
    } else {
      co_await Stream();
    }
  }

 private:
  // Cheap refusals first: who calls, then how large, then what it says.
  async::Task<absl::Status> Begin(Principal caller, absl::Status access) {
    const Request& request = exchange_.request();
    Arrival arrival = ReadArrival(request, std::move(caller), match_.request_id);
    TraceContext trace = arrival.trace.value_or(TraceContext());
    if (route_.options_.tracer != nullptr) {
      span_ =
          route_.options_.tracer->StartRequest(arrival.trace, route_.span_name_, observe::SpanKind::kServer);
      span_.Set("http.request.method", route_.rule_.verb);
      span_.Set("http.route", route_.rule_.path);
      trace = span_.trace();
    }
    const bool limited = route_.method_.shape == rpc::CallShape::kUnary;
    const auto timeout = AskedTimeout(request, route_.options_.request_timeout);
    const auto deadline = limited && timeout.ok() ? std::chrono::steady_clock::now() + *timeout : kNoDeadline;
    context_ = RequestContext(std::move(arrival.origin), deadline, cancel_.token(), trace);
    CO_RETURN_IF_ERROR(access);
    CO_RETURN_IF_ERROR(CheckAccept(request));
    if (limited) {
      CO_RETURN_IF_ERROR(timeout.status());
      CancelAfter(*timeout);
    }
    co_return co_await Decode(request);
  }

  absl::Status CheckAccept(const Request& request) {
    const std::string_view type =
        route_.method_.shape == rpc::CallShape::kUnary ? "application/json" : "text/event-stream";
    if (AcceptsType(request.headers.Get("accept"), type)) return absl::OkStatus();
    http_status_ = kNotAcceptable;
    return InvalidArgument("The answer is of type ", type, ", which the Accept header does not let through.");
  }

  void CancelAfter(std::chrono::milliseconds timeout) {
    deadline_ = async::Loop::Current()->After(
        timeout, [this] { cancel_.Cancel(DeadlineExceeded("The deadline of this request has passed.")); });
  }

  async::Task<absl::Status> Decode(const Request& request) {
    rpc::HttpParameters parameters;
    parameters.path = match_.variables;
    CO_ASSIGN_OR_RETURN(parameters.query, ParseQuery(request.query));
    Bytes body;
    if (route_.rule_.has_body) {
      if (const auto type = request.headers.Get("content-type"); type.has_value() && !IsJson(*type)) {
        http_status_ = kUnsupportedMediaType;
        co_return InvalidArgument("The content-type must be application/json.");
      }
      auto read = co_await ReadAll(exchange_, route_.options_.max_body_bytes);
      if (!read.ok()) {
        if (read.status().code() == absl::StatusCode::kResourceExhausted) http_status_ = kPayloadTooLarge;
        if (read.status().code() == absl::StatusCode::kDeadlineExceeded) http_status_ = kRequestTimeout;
        co_return read.status();
      }
      body = *std::move(read);
    }
    if (route_.admission_ != nullptr) CO_RETURN_IF_ERROR(route_.admission_->Begin(&ticket_));
    request_ = route_.method_.request->create();
    co_return route_.rule_.decode(parameters, body.view(), route_.options_.json, request_.get());
  }

  async::Task<void> Unary() {
    auto response =
        co_await route_.endpoint_.Unary(context_, route_.method_, rpc::Payload::Own(std::move(request_)));
    ticket_.End(response.ok());
    if (response.ok()) response = rpc::Decode(*std::move(response), *route_.method_.response);
    span_.SetStatus(response.status());
    if (!response.ok()) co_return co_await RespondError(exchange_, response.status(), match_.request_id);
    std::string json;
    // Names and quotes double a small message: room for it at once.
    json.reserve(2 * response->message().ByteSizeLong() + kNamesBytes);
    route_.rule_.encode(response->message(), &json);
    Headers headers;
    headers.Add("content-type", "application/json");
    (void)co_await exchange_.Respond(200, std::move(headers), Bytes(std::move(json)));
  }

  async::Task<void> Stream() {
    auto responses = route_.endpoint_.Open(context_, route_.method_,
                                           async::StreamOf(rpc::Payload::Own(std::move(request_))));
    EventStream events(exchange_, route_.options_.heartbeat);
    absl::Status end = co_await Forward(responses, events);
    span_.SetStatus(end);
    // An error before the first event is an ordinary error answer.
    if (!end.ok() && !events.started()) {
      events.Abandon();
      co_await RespondError(exchange_, end, match_.request_id);
    } else {
      // Named first: g++ 12 destroys a conditional's temporary twice inside a co_await expression.
      std::string error;
      if (!end.ok()) error = ErrorResponseFor(end, match_.request_id).body;
      co_await events.Finish(std::move(error));
    }
    cancel_.Cancel();
  }

  async::Task<absl::Status> Forward(async::Stream<rpc::Payload>& responses, EventStream& events) {
    events.KeepAlive();
    while (true) {
      auto item = co_await responses.Next();
      if (!item.ok()) co_return item.status();
      if (!item->has_value()) co_return absl::OkStatus();
      auto message = rpc::Decode(**std::move(item), *route_.method_.response);
      if (!message.ok()) co_return message.status();
      std::string json;
      route_.rule_.encode(message->message(), &json);
      CO_RETURN_IF_ERROR(co_await events.Send(json));
    }
  }

  const JsonRoute& route_;
  Exchange& exchange_;
  const RouteMatch& match_;
  CancelSource cancel_;
  async::Timer deadline_;
  observe::Span span_;
  rpc::MethodAdmission::Ticket ticket_;
  RequestContext context_;
  std::shared_ptr<google::protobuf::MessageLite> request_;
  int http_status_ = 0;
};

JsonRoute::JsonRoute(const JsonOptions& options, const rpc::Method& method, const rpc::HttpRule& rule,
                     rpc::Endpoint& endpoint)
    : options_(options),
      method_(method),
      rule_(rule),
      endpoint_(endpoint),
      admission_(options.admission != nullptr ? options.admission->For(method) : nullptr),
      span_name_(StrCat(rule.verb, " ", rule.path)) {
  if (admission_ == nullptr) return;
  ErrorResponse busy = ErrorResponseFor(admission_->busy(), "");
  busy_ = {busy.status, std::move(busy.headers), Bytes(std::move(busy.body))};
}

async::Task<void> JsonRoute::Handle(Exchange& exchange, const RouteMatch& match) {
  absl::StatusOr<Principal> caller = Identify(exchange.request(), options_.authenticator);
  if (!caller.ok()) co_return co_await RespondError(exchange, caller.status(), match.request_id);
  absl::Status access = CheckAccess(method_, *caller);
  if (access.ok() && admission_ != nullptr && !admission_->Check().ok()) {
    // A refusal for overload costs no more than this: no trace, no context, an answer made beforehand.
    Busy busy = busy_;
    (void)co_await exchange.Respond(busy.status, std::move(busy.headers), std::move(busy.body));
    co_return;
  }
  Call call(*this, exchange, match);
  co_await call.Run(*std::move(caller), std::move(access));
}

}  // namespace starling::http

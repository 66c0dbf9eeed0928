#include "core/http/routing/adapter_route.h"

#include <utility>

#include "base/status.h"
#include "core/async/loop.h"
#include "core/http/edge/caller.h"
#include "core/http/routing/query.h"
#include "core/rpc/bug_log.h"

namespace starling::http {
namespace {

constexpr int kRequestTimeout = 408;
constexpr int kPayloadTooLarge = 413;
constexpr uint32_t kHttp2InternalError = 2;  // RFC 9113, section 7

}  // namespace

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> AdapterCall::Query() const {
  return ParseQuery(request().query);
}

// One request, in the coroutine of its handler.
class AdapterRouteHandler::Call final : public AdapterCall {
 public:
  Call(const AdapterRouteHandler& handler, Exchange& exchange, const RouteMatch& match)
      : handler_(handler), exchange_(exchange), match_(match), cancel_(exchange.cancel()) {}

  async::Task<void> Run() {
    absl::Status status = Begin();
    if (status.ok()) {
      try {
        status = co_await handler_.adapter_.Handle(*this);
      } catch (...) {
        status = rpc::ThrownBug(context_, handler_.name_);
      }
      rpc::LogBug(context_, handler_.name_, handler_.bugs_, &status);
    }
    ticket_.End(status.ok());
    span_.SetStatus(status);
    if (status.ok()) co_return;
    // A bad end must not look like a good one.
    if (exchange_.response_started()) co_return exchange_.Abort(kHttp2InternalError);
    ErrorResponse error = handler_.adapter_.errors().Encode(status, http_status_, match_.request_id);
    (void)co_await exchange_.Respond(error.status, std::move(error.headers), Bytes(std::move(error.body)));
  }

  const AdapterRoute& route() const override { return handler_.route_; }
  const Request& request() const override { return exchange_.request(); }
  const std::vector<std::string>& variables() const override { return match_.variables; }
  const RequestContext& context() const override { return context_; }

  async::Task<absl::StatusOr<std::optional<Bytes>>> Read() override {
    auto piece = co_await exchange_.Read();
    if (!piece.ok()) {
      http_status_ = StatusOfFailedRead(piece.status());
    } else if (piece->has_value()) {
      received_ += (*piece)->size();
      if (received_ > handler_.limits_.max_body_bytes) {
        http_status_ = kPayloadTooLarge;
        co_return ResourceExhausted("The body is larger than ", handler_.limits_.max_body_bytes, " bytes.");
      }
    }
    co_return piece;
  }

  async::Task<absl::StatusOr<Bytes>> ReadAll() override {
    auto body = co_await http::ReadAll(exchange_, handler_.limits_.max_body_bytes);
    if (!body.ok()) {
      http_status_ = StatusOfFailedRead(body.status());
      co_return body;
    }
    CO_RETURN_IF_ERROR(Admit());
    co_return body;
  }

  async::Task<absl::Status> Respond(int status, Headers headers, Bytes body) override {
    return exchange_.Respond(status, std::move(headers), std::move(body));
  }
  async::Task<absl::Status> Start(int status, Headers headers) override {
    return exchange_.Start(status, std::move(headers));
  }
  async::Task<absl::Status> Write(Bytes chunk) override { return exchange_.Write(std::move(chunk)); }
  async::Task<absl::Status> Finish() override { return exchange_.Finish(); }

 private:
  // Cheap refusals first: who calls, then whether one more may be under way.
  absl::Status Begin() {
    const Request& request = exchange_.request();
    ASSIGN_OR_RETURN(Principal caller, Identify(request, handler_.options_.authenticator));
    RETURN_IF_ERROR(CheckAccess(handler_.own_method_, caller));
    if (handler_.admission_ != nullptr) RETURN_IF_ERROR(handler_.admission_->Check());
    Arrival arrival = ReadArrival(request, std::move(caller), match_.request_id);
    TraceContext trace = arrival.trace.value_or(TraceContext());
    if (handler_.options_.tracer != nullptr) {
      span_ =
          handler_.options_.tracer->StartRequest(arrival.trace, handler_.name_, observe::SpanKind::kServer);
      span_.Set("http.request.method", handler_.route_.verb);
      span_.Set("http.route", handler_.route_.path);
      trace = span_.trace();
    }
    ASSIGN_OR_RETURN(const auto timeout, AskedTimeout(request, handler_.limits_.timeout));
    context_ = RequestContext(std::move(arrival.origin), std::chrono::steady_clock::now() + timeout,
                              cancel_.token(), trace);
    deadline_ = async::Loop::Current()->After(
        timeout, [this] { cancel_.Cancel(DeadlineExceeded("The deadline of this request has passed.")); });
    return handler_.route_.verb == "GET" ? Admit() : absl::OkStatus();
  }

  // For a request with a body when that is here, so that a slow sender holds no place.
  absl::Status Admit() {
    return handler_.admission_ != nullptr ? handler_.admission_->Begin(&ticket_) : absl::OkStatus();
  }

  static int StatusOfFailedRead(const absl::Status& status) {
    if (status.code() == absl::StatusCode::kResourceExhausted) return kPayloadTooLarge;
    return status.code() == absl::StatusCode::kDeadlineExceeded ? kRequestTimeout : 0;
  }

  const AdapterRouteHandler& handler_;
  Exchange& exchange_;
  const RouteMatch& match_;
  CancelSource cancel_;
  async::Timer deadline_;
  observe::Span span_;
  rpc::MethodAdmission::Ticket ticket_;
  RequestContext context_;
  size_t received_ = 0;
  int http_status_ = 0;
};

AdapterRouteHandler::AdapterRouteHandler(const AdapterRouteOptions& options, std::string_view owner,
                                         const AdapterRoute& route, Adapter& adapter)
    : options_(options),
      route_(route),
      adapter_(adapter),
      limits_(adapter.Limits(route, options.limits)),
      name_(StrCat(route.verb, " ", route.path)),
      method_path_(StrCat(owner, " ", name_)),
      own_method_{.path = method_path_,
                  .service = {},
                  .name = name_,
                  .shape = rpc::CallShape::kUnary,
                  .safe = false,
                  .access = route.access,
                  .scope = route.scope,
                  .request = nullptr,
                  .response = nullptr,
                  .http = {}} {
  if (options.admission != nullptr && !route.long_lived) {
    admission_ = options.admission->For(route.admitted_as != nullptr ? *route.admitted_as : own_method_);
  }
}

async::Task<void> AdapterRouteHandler::Handle(Exchange& exchange, const RouteMatch& match) {
  Call call(*this, exchange, match);
  co_await call.Run();
}

std::optional<BodyLimit> AdapterRouteHandler::body_limit() const {
  const AdapterLimits& usual = options_.limits;
  if (limits_.max_body_bytes <= usual.max_body_bytes && limits_.timeout <= usual.timeout) return std::nullopt;
  return BodyLimit{limits_.max_body_bytes, limits_.timeout};
}

}  // namespace starling::http

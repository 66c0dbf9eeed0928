#include "core/rpc/policy_endpoint.h"

#include <chrono>
#include <optional>
#include <utility>

#include "base/status.h"
#include "core/rpc/bug_log.h"
#include "core/rpc/convert.h"

namespace starling::rpc {
namespace {

constexpr std::chrono::milliseconds kBusyRetry{100};

observe::MetricInfo DurationInfo() {
  return {.name = "rpc.server.call.duration",
          .unit = "s",
          .help = "From a call's arrival at its service to its end, by placement.",
          .labels = {"rpc.method", "rpc.response.status_code", "starling.placement"},
          .buckets = observe::kDurationBuckets};
}

}  // namespace

// Counts one call from its arrival to its end, whatever that is.
class PolicyEndpoint::Call {
 public:
  Call(PolicyEndpoint& endpoint, const RequestContext& context, const Method& method)
      : endpoint_(endpoint),
        method_(method),
        span_(endpoint.tracer_.Start(context.trace(), method.path.substr(1), observe::SpanKind::kServer)),
        start_(std::chrono::steady_clock::now()) {
    span_.Set("starling.placement", endpoint.options_.placement);
    admitted_ =
        endpoint_.calls_.fetch_add(1, std::memory_order_relaxed) < endpoint_.options_.max_concurrent_calls;
    endpoint_.in_flight_.Add(1);
  }
  Call(const Call&) = delete;
  ~Call() {
    endpoint_.calls_.fetch_sub(1, std::memory_order_relaxed);
    endpoint_.in_flight_.Add(-1);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
    const size_t index = static_cast<size_t>(&method_ - endpoint_.contract_.methods.data());
    if (code_ == absl::StatusCode::kOk && index < endpoint_.ok_durations_.size()) {
      endpoint_.ok_durations_[index].Observe(took.count(), span_.trace());
    } else {
      endpoint_.durations_.With({method_.path.substr(1), CodeName(code_), endpoint_.options_.placement})
          .Observe(took.count(), span_.trace());
    }
  }

  // OK if the call may go on.
  absl::Status Admit(const RequestContext& context) {
    RETURN_IF_ERROR(context.Check());
    if (admitted_) return absl::OkStatus();
    endpoint_.refused_.Add();
    return WithRetryAfter(Unavailable("Service ", endpoint_.options_.service, " is busy: ",
                                      endpoint_.options_.max_concurrent_calls, " calls are under way."),
                          kBusyRetry);
  }
  void Ended(const absl::Status& status) {
    code_ = status.code();
    span_.SetStatus(status);
  }
  // For the call inside.
  RequestContext Within(const RequestContext& context) const { return span_.Within(context); }

 private:
  PolicyEndpoint& endpoint_;
  const Method& method_;
  observe::Span span_;
  const std::chrono::steady_clock::time_point start_;
  bool admitted_ = false;
  // A stream that its reader drops is cancelled.
  absl::StatusCode code_ = absl::StatusCode::kCancelled;
};

PolicyEndpoint::PolicyEndpoint(const Contract& contract, Endpoint& inner, PolicyOptions options,
                               observe::Registry& registry, const observe::Tracer& tracer)
    : contract_(contract),
      inner_(inner),
      options_(std::move(options)),
      tracer_(tracer),
      durations_(registry.Histograms(DurationInfo())) {
  for (const Method& method : contract.methods) {
    ok_durations_.push_back(
        durations_.With({method.path.substr(1), CodeName(absl::StatusCode::kOk), options_.placement}));
  }
  in_flight_ = registry
                   .UpDownCounters({.name = "rpc.server.active_calls",
                                    .unit = "{call}",
                                    .help = "Calls under way in a service.",
                                    .labels = {"starling.service"}})
                   .With({options_.service});
  refused_ = registry
                 .Counters({.name = "rpc.server.refused_calls",
                            .unit = "{call}",
                            .help = "Calls refused because too many were under way.",
                            .labels = {"starling.service"}})
                 .With({options_.service});
}

namespace {

// The request as a message that keeps the contract's rules.
absl::StatusOr<Payload> Checked(Payload request, const Method& method) {
  ASSIGN_OR_RETURN(Payload decoded, Decode(std::move(request), *method.request));
  RETURN_IF_ERROR(method.request->validate(decoded.message()));
  return decoded;
}

async::Stream<Payload> CheckedStream(async::Stream<Payload> requests, const Method& method) {
  while (true) {
    auto request = co_await requests.Next();
    if (!request.ok()) co_return request.status();
    if (!request->has_value()) co_return absl::OkStatus();
    auto checked = Checked(**std::move(request), method);
    if (!checked.ok()) co_return checked.status();
    co_yield *std::move(checked);
  }
}

}  // namespace

async::Task<absl::StatusOr<Payload>> PolicyEndpoint::Unary(RequestContext context, const Method& method,
                                                           Payload request) {
  Call call(*this, context, method);
  absl::StatusOr<Payload> response = Payload();
  if (absl::Status admitted = call.Admit(context); !admitted.ok()) {
    response = std::move(admitted);
  } else if (absl::StatusOr<Payload> checked = Checked(std::move(request), method); !checked.ok()) {
    response = checked.status();
  } else {
    try {
      response = co_await inner_.Unary(call.Within(context), method, *std::move(checked));
    } catch (...) {
      response = ThrownBug(context, method.path.substr(1));
    }
  }
  if (!response.ok()) {
    absl::Status failure = response.status();
    LogBug(context, method.path.substr(1), bugs_, &failure);
    response = std::move(failure);
  }
  call.Ended(response.status());
  co_return response;
}

async::Stream<Payload> PolicyEndpoint::Open(RequestContext context, const Method& method,
                                            async::Stream<Payload> requests) {
  Call call(*this, context, method);
  absl::Status end = call.Admit(context);
  if (end.ok()) {
    async::Stream<Payload> responses =
        inner_.Open(call.Within(context), method, CheckedStream(std::move(requests), method));
    while (true) {
      async::Stream<Payload>::Item item = std::optional<Payload>();
      try {
        item = co_await responses.Next();
      } catch (...) {
        item = ThrownBug(context, method.path.substr(1));
      }
      if (!item.ok() || !item->has_value()) {
        end = item.status();
        break;
      }
      co_yield **std::move(item);
    }
  }
  LogBug(context, method.path.substr(1), bugs_, &end);
  call.Ended(end);
  co_return end;
}

}  // namespace starling::rpc

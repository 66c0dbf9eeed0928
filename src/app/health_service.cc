#include "app/health_service.h"

#include "base/status.h"
#include "core/async/sleep.h"

namespace starling::app {
namespace {

using ::grpc::health::v1::HealthCheckRequest;
using ::grpc::health::v1::HealthCheckResponse;

// Readiness is asked of the services, not told by them: a watcher hears of a change this late at most.
constexpr std::chrono::milliseconds kWatchInterval{100};

}  // namespace

std::optional<bool> HealthService::Ready(const std::string& service) const {
  const Placements* placements = current_();
  if (placements == nullptr) return false;
  if (service.empty()) return placements->Ready().ready;
  for (const PlacedService* placed : placements->services()) {
    for (const run::Served& served : placed->served()) {
      if (served.contract->service == service) return placed->Ready().ready;
    }
  }
  return std::nullopt;
}

async::Task<absl::StatusOr<HealthCheckResponse>> HealthService::Check(RequestContext,
                                                                      const HealthCheckRequest& request) {
  const std::optional<bool> ready = Ready(request.service());
  if (!ready.has_value()) co_return NotFound("There is no service '", request.service(), "' here.");
  HealthCheckResponse response;
  response.set_status(*ready ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING);
  co_return response;
}

async::Stream<HealthCheckResponse> HealthService::Watch(RequestContext context, HealthCheckRequest request) {
  std::optional<HealthCheckResponse::ServingStatus> last;
  while (true) {
    const std::optional<bool> ready = Ready(request.service());
    const auto now = !ready.has_value() ? HealthCheckResponse::SERVICE_UNKNOWN
                     : *ready           ? HealthCheckResponse::SERVING
                                        : HealthCheckResponse::NOT_SERVING;
    if (last != now) {
      last = now;
      HealthCheckResponse response;
      response.set_status(now);
      co_yield std::move(response);
    }
    // The program stops: a watch is no call under way, and holds nothing up.
    if (current_() == nullptr) co_return absl::OkStatus();
    CO_RETURN_IF_ERROR(co_await async::Sleep(kWatchInterval, context.cancel()));
  }
}

}  // namespace starling::app

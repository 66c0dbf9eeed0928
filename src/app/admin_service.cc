#include "app/admin_service.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "app/version.h"
#include "core/async/channel.h"

namespace starling::app {
namespace {

namespace v1 = admin::v1;

// Lines that wait for one slow reader.
constexpr size_t kTailQueue = 1024;

struct TailedLine {
  observe::LogLinePtr line;
  uint64_t missed_before = 0;
};

std::string_view StateName(run::ReplicaState state) {
  switch (state) {
    case run::ReplicaState::kStarting:
      return "starting";
    case run::ReplicaState::kServing:
      return "serving";
    case run::ReplicaState::kWaiting:
      return "waiting";
    default:
      return "stopped";
  }
}

std::string WithoutLineFeed(const std::string& json) {
  return json.ends_with('\n') ? json.substr(0, json.size() - 1) : json;
}

}  // namespace

AdminService::AdminService(observe::Logger& logger, Services services, CancelToken stopping)
    : logger_(logger),
      services_(std::move(services)),
      stopping_(std::move(stopping)),
      started_(std::chrono::system_clock::now()) {}

async::Task<absl::StatusOr<v1::GetStatusResponse>> AdminService::GetStatus(RequestContext,
                                                                           const v1::GetStatusRequest&) {
  v1::GetStatusResponse response;
  response.set_version(kVersion);
  const auto since_epoch =
      std::chrono::duration_cast<std::chrono::nanoseconds>(started_.time_since_epoch()).count();
  response.mutable_started_at()->set_seconds(since_epoch / 1000000000);
  response.mutable_started_at()->set_nanos(static_cast<int32_t>(since_epoch % 1000000000));
  for (const PlacedService* placed : services_()) {
    v1::ServiceStatus& service = *response.add_services();
    const run::Readiness ready = placed->Ready();
    service.set_name(placed->definition().name);
    service.set_placement(placed->mode());
    service.set_ready(ready.ready);
    service.set_reason(ready.reason);
    for (const run::ReplicaStatus& replica : placed->Replicas()) {
      v1::ReplicaStatus& out = *service.add_replicas();
      out.set_state(std::string(StateName(replica.state)));
      out.set_pid(replica.pid);
      out.set_restarts(replica.restarts);
      out.set_last_failure(replica.last_failure);
    }
  }
  co_return response;
}

async::Task<absl::StatusOr<v1::RestartServiceResponse>> AdminService::RestartService(
    RequestContext, const v1::RestartServiceRequest& request) {
  for (const PlacedService* placed : services_()) {
    if (placed->definition().name != request.service()) continue;
    CO_RETURN_IF_ERROR(co_await placed->Restart());
    co_return v1::RestartServiceResponse();
  }
  co_return NotFound("There is no service '", request.service(), "' here.");
}

async::Stream<v1::LogLine> AdminService::TailLogs(RequestContext context, v1::TailLogsRequest request) {
  const auto last = static_cast<size_t>(std::max(request.last(), 0));
  if (request.no_follow()) {
    for (const observe::LogLinePtr& past : logger_.Recent(last)) {
      v1::LogLine line;
      line.set_line(WithoutLineFeed(past->json));
      co_yield std::move(line);
    }
    co_return absl::OkStatus();
  }
  const async::Channel<TailedLine> lines(kTailQueue);
  const auto missed = std::make_shared<std::atomic<uint64_t>>(0);
  auto push = [lines, missed](const observe::LogLinePtr& line) {
    const uint64_t before = missed->exchange(0);
    if (!lines.TryPush({line, before})) missed->fetch_add(before + 1);
  };
  const observe::LogSubscription subscription = logger_.Subscribe(push, std::min(last, kTailQueue));
  const CancelRegistration stop = stopping_.OnCancel([lines](const absl::Status&) { lines.Close(); });
  while (true) {
    auto next = co_await lines.Pop(context.cancel());
    if (!next.ok()) co_return next.status();
    if (!next->has_value()) co_return absl::OkStatus();
    v1::LogLine line;
    line.set_line(WithoutLineFeed((*next)->line->json));
    line.set_missed((*next)->missed_before);
    co_yield std::move(line);
  }
}

}  // namespace starling::app

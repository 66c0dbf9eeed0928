// The operator's view: starling.admin.v1.AdminService.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "app/placed_service.h"
#include "core/observe/logger.h"
#include "starling/admin/v1/admin.starling.h"

namespace starling::app {

// Thread-safe. `logger` and what `services` gives outlive it.
class AdminService final : public admin::v1::AdminService {
 public:
  using Services = std::function<std::vector<const PlacedService*>()>;
  // `stopping`: cancelled when the program stops; a tail ends then, and holds nothing up.
  AdminService(observe::Logger& logger, Services services, CancelToken stopping);

  async::Task<absl::StatusOr<admin::v1::GetStatusResponse>> GetStatus(
      RequestContext context, const admin::v1::GetStatusRequest& request) override;
  async::Task<absl::StatusOr<admin::v1::RestartServiceResponse>> RestartService(
      RequestContext context, const admin::v1::RestartServiceRequest& request) override;
  async::Stream<admin::v1::LogLine> TailLogs(RequestContext context,
                                             admin::v1::TailLogsRequest request) override;

 private:
  observe::Logger& logger_;
  const Services services_;
  const CancelToken stopping_;
  const std::chrono::system_clock::time_point started_;
};

}  // namespace starling::app

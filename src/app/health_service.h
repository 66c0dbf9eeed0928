// grpc.health.v1.Health: the readiness of /readyz for gRPC clients, Kubernetes' grpc probes and parents.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "app/placements.h"
#include "grpc/health/v1/health.starling.h"

namespace starling::app {

// The empty name asks for the whole program; others are full names of gRPC services. Thread-safe.
class HealthService final : public ::grpc::health::v1::Health {
 public:
  // Null while the program starts or stops.
  using Current = std::function<const Placements*()>;
  explicit HealthService(Current current) : current_(std::move(current)) {}

  async::Task<absl::StatusOr<::grpc::health::v1::HealthCheckResponse>> Check(
      RequestContext context, const ::grpc::health::v1::HealthCheckRequest& request) override;
  async::Stream<::grpc::health::v1::HealthCheckResponse> Watch(
      RequestContext context, ::grpc::health::v1::HealthCheckRequest request) override;

 private:
  // nullopt: no such service here.
  std::optional<bool> Ready(const std::string& service) const;
  const Current current_;
};

}  // namespace starling::app

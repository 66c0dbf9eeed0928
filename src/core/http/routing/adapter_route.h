// One route of an adapter: who may call it, deadline, limits, trace, errors. The same rules that hold for contracts.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/http/body_limits.h"
#include "core/http/edge/authenticator.h"
#include "core/http/routing/adapter.h"
#include "core/http/routing/router.h"
#include "core/observe/log.h"
#include "core/observe/tracer.h"
#include "core/rpc/admission.h"

namespace starling::http {

struct AdapterRouteOptions {
  AdapterLimits limits;                 // the server's
  rpc::Admission* admission = nullptr;  // null: every call may begin
  Authenticator* authenticator =
      nullptr;  // null: the peer of a Unix socket is a service, everyone else anonymous
  const observe::Tracer* tracer = nullptr;  // null: no spans
};

// Thread-safe.
class AdapterRouteHandler final : public RouteHandler {
 public:
  // `owner` is the adapter's name for metrics: "registry/mlflow". Everything but the options outlives it.
  AdapterRouteHandler(const AdapterRouteOptions& options, std::string_view owner, const AdapterRoute& route,
                      Adapter& adapter);

  async::Task<void> Handle(Exchange& exchange, const RouteMatch& match) override;
  std::optional<BodyLimit> body_limit() const override;

 private:
  class Call;
  const AdapterRouteOptions options_;
  const AdapterRoute& route_;
  Adapter& adapter_;
  const AdapterLimits limits_;
  const std::string name_, method_path_;
  mutable observe::LogLimiter bugs_{std::chrono::milliseconds(10)};
  const rpc::Method own_method_;  // of a route that is no other way to call a contract's
  rpc::MethodAdmission* admission_ = nullptr;
};

}  // namespace starling::http

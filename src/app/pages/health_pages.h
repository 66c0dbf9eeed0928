// /livez and /readyz, for people and for Kubernetes probes.
#pragma once

#include <functional>

#include "app/placements.h"
#include "core/http/exchange.h"

namespace starling::app {

// 200 as long as the loops run.
class LivePage final : public http::Handler {
 public:
  async::Task<void> Handle(http::Exchange& exchange) override;
};

// 200 when every service placed here is ready, else 503; either way one line for each service, with the reason.
// `{"ready": false, "services": {"models": {"ready": false, "reason": "..."}}}`
class ReadyPage final : public http::Handler {
 public:
  // What is asked on each request, from any loop; nullptr while the program starts or stops.
  using Current = std::function<const Placements*()>;
  explicit ReadyPage(Current current) : current_(std::move(current)) {}
  async::Task<void> Handle(http::Exchange& exchange) override;

 private:
  const Current current_;
};

}  // namespace starling::app

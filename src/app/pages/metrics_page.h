#pragma once

#include "core/http/exchange.h"
#include "core/observe/registry.h"

namespace starling::app {

// GET /metrics in the format that the Accept header asks for.
class MetricsPage final : public http::Handler {
 public:
  explicit MetricsPage(const observe::Registry& registry) : registry_(registry) {}
  async::Task<void> Handle(http::Exchange& exchange) override;

 private:
  const observe::Registry& registry_;
};

}  // namespace starling::app

// What a listener hands its requests to.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "core/http/body_limits.h"
#include "core/http/exchange.h"

namespace starling::app {

// Where requests go once the services are there.
struct Routes {
  http::Handler* grpc = nullptr;             // application/grpc
  http::Handler* http = nullptr;             // everything else
  const http::BodyLimits* bodies = nullptr;  // of `http`
};

// Listeners open before services start. Until Open(), and after Shut(), a request for anything but the pages of `early` is
// answered 503 with Retry-After. Thread-safe.
class FrontDoor final : public http::Handler, public http::BodyLimits {
 public:
  // `early` answers /livez and /readyz at any time; it outlives this.
  explicit FrontDoor(http::Handler& early) : early_(early) {}

  // `routes` and what it points at outlive the listeners.
  void Open(const Routes* routes) { routes_.store(routes, std::memory_order_release); }

  async::Task<void> Handle(http::Exchange& exchange) override;
  std::optional<http::BodyLimit> For(const http::Request& request) const override;

 private:
  http::Handler& early_;
  std::atomic<const Routes*> routes_{nullptr};
};

}  // namespace starling::app

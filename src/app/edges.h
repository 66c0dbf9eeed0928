// Every listener of the program, and what lies behind each.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "app/app_config.h"
#include "app/front_door.h"
#include "app/pages/health_pages.h"
#include "app/placements.h"
#include "app/telemetry.h"
#include "core/async/loop.h"
#include "core/async/pool.h"
#include "core/config/schema.h"

namespace starling::app {

// Main thread only.
class Edges {
 public:
  struct Address {
    std::string name;  // "http", "grpc", "admin"
    std::string url;
  };

  // The references outlive it. `control` is a loop without requests.
  Edges(const config::Values& settings, async::LoopGroup& loops, async::Loop& control, async::Pool& pool,
        Telemetry& telemetry);
  ~Edges();

  // Opens the listeners of the configuration and the inner one, where this program's children call back; all answer 503
  // until Open(). One sentence for the operator if an address can't be had, or may not.
  absl::Status Listen(const std::string& inner_socket);
  // The one listener of a child.
  absl::Status ListenAsChild(const std::string& socket);

  // From now on requests reach the services. Two that claim one route: FAILED_PRECONDITION with both names.
  // `openapi` is what /openapi.json says.
  absl::Status Open(const Placements& placements, std::string openapi);

  const std::vector<Address>& addresses() const { return addresses_; }

  // Certificates were renewed: reads their files again. What can't be used is logged, and what was in use stays.
  void ReloadTls();

  // /readyz turns, listeners close, requests under way finish, at most `grace`. Blocks. True if nothing was cut. The inner
  // listener stays until the destructor.
  bool DrainPublic(std::chrono::milliseconds grace);

 private:
  struct Parts;
  std::vector<Address> addresses_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace starling::app

// The running program: what is started, in which order, and how it stops.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "app/admin_service.h"
#include "app/app_config.h"
#include "app/channels.h"
#include "app/commands/command_line.h"
#include "app/edges.h"
#include "app/placements.h"
#include "app/runtime_directory.h"
#include "app/telemetry.h"
#include "core/async/loop.h"
#include "core/async/pool.h"
#include "core/config/schema.h"
#include "core/inference/image_decoder.h"
#include "core/inference/runtime.h"
#include "core/run/spawner.h"
#include "core/store/stores.h"

namespace starling::app {

// Main thread only. SIGTERM and SIGINT must be blocked before it is made (see StopSignals).
class Application {
 public:
  // The references outlive it.
  Application(const CommandLine& line, const std::vector<run::ServiceDefinition>& definitions,
              const config::Values& settings);
  ~Application();

  // Listeners first, then services in the order of their needs. FAILED_PRECONDITION and the like: one sentence for the
  // operator; what was started is stopped by the destructor.
  absl::Status Start();
  // Where it listens and a first request to try, on standard output.
  void Announce() const;
  // Reads again what may change while the program runs: the files of TLS.
  void Reload() { edges_->ReloadTls(); }
  // Lets requests under way finish, then stops services and children. True if nothing was cut.
  bool Stop();

 private:
  PlacementTools Tools();
  bool is_child() const { return !line_.child_service.empty(); }

  const CommandLine& line_;
  const std::vector<run::ServiceDefinition>& definitions_;
  const config::Values& settings_;
  const ServerConfig& server_;

  // In the order of construction; each may use those above it.
  Telemetry telemetry_;
  async::LoopGroup loops_;
  async::LoopGroup control_;  // one loop, for children and state
  async::Pool pool_;
  inference::RuntimeRegistry runtimes_;
  store::Stores stores_;
  inference::ImageDecoders image_decoders_;
  run::Spawner spawner_;
  Channels channels_;
  std::unique_ptr<RuntimeDirectory> directory_;
  std::unique_ptr<Edges> edges_;
  std::unique_ptr<Placements> placements_;
  bool stopped_ = false;
};

}  // namespace starling::app

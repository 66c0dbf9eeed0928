#include "app/main.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "app/app_config.h"
#include "app/application.h"
#include "app/commands/command_line.h"
#include "app/commands/commands.h"
#include "app/commands/models_command.h"
#include "app/stop_signals.h"
#include "app/telemetry.h"
#include "base/status.h"
#include "core/config/overlay.h"
#include "core/config/schema.h"
#include "core/observe/log.h"

namespace starling::app {
namespace {

using Definitions = std::vector<run::ServiceDefinition>;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "starling: %s\n", std::string(Message(status)).c_str());
  return 1;
}

int Serve(const CommandLine& line, const Definitions& services, const config::Values& settings) {
  const ServerConfig& server = settings.Get<ServerConfig>("server");
  const bool is_child = !line.child_service.empty();
  const bool has_tls =
      std::ranges::any_of(std::array{&server.http, &server.grpc, &server.admin},
                          [](const ListenConfig* listen) { return !listen->tls.certificate_file.empty(); });
  StopSignals signals(has_tls && !is_child);
  Application application(line, services, settings);
  const absl::Status started = application.Start();
  if (!started.ok()) return Fail(started);
  application.Announce();
  auto reason = signals.Wait(is_child);
  for (; reason == StopSignals::Reason::kReload; reason = signals.Wait(is_child)) application.Reload();
  if (reason == StopSignals::Reason::kParentGone) {
    // Nobody is left to answer to.
    std::_Exit(0);
  }
  observe::LogInfo("stopping: requests under way may finish");
  signals.EndAtNextSignal();
  if (!application.Stop())
    observe::LogWarning("stopped with requests under way: server.drain_timeout is over");
  return 0;
}

}  // namespace

int Main(int argc, char** argv, std::vector<run::ServiceDefinition> services) {
  const CommandLine line = ParseCommandLine(argc, argv);
  if (line.command == Command::kDone) return line.exit_code;
  const config::Schema schema = MakeSchema(services);
  if (line.command != Command::kServe && line.command != Command::kCheckConfig &&
      line.command != Command::kOpenApi && line.command != Command::kModels) {
    return RunCommand(line, services, schema);
  }
  const auto settings = schema.Load({line.config_file, config::ProcessEnvironment(), line.set});
  if (!settings.ok()) {
    // One problem per line, each beginning with its place, as editors and terminals turn it into a link.
    std::fprintf(stderr, "starling: the configuration is wrong:\n%s\n",
                 std::string(Message(settings.status())).c_str());
    return 1;
  }
  for (run::ServiceDefinition& service : services) {
    if (service.needs_with) service.needs_by_setting = service.needs_with(*settings);
  }
  if (line.command == Command::kModels) return PrintModels(line, settings->Get<ServerConfig>("server"));
  if (line.command == Command::kCheckConfig) return CheckConfig(line, services, schema, *settings);
  if (line.command == Command::kOpenApi) return PrintOpenApi(line, services, *settings);
  return Serve(line, services, *settings);
}

}  // namespace starling::app

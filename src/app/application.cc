#include "app/application.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "app/backends.h"
#include "app/child_log.h"
#include "app/openapi/openapi_document.h"
#include "app/version.h"
#include "base/status.h"
#include "core/observe/log.h"
#include "core/rpc/policy_endpoint.h"

namespace starling::app {
namespace {

// Threads for what would block a loop: files, compression, long computation.
constexpr size_t kPoolThreads = 2;
constexpr size_t kPoolQueue = 1024;

std::string FromEnvironment(const char* name) {
  const char* value = getenv(name);
  return value != nullptr ? value : "";
}

size_t LoopCount(const ServerConfig& server) {
  return server.threads > 0 ? static_cast<size_t>(server.threads) : async::AvailableCores();
}

std::string InstanceName(const CommandLine& line) {
  if (line.child_service.empty()) return "";
  return StrCat(line.child_service, "-", FromEnvironment("STARLING_REPLICA"));
}

// What to type behind the address: of the services here the one that answers without further ado.
std::string FirstRequest(const Placements& placements) {
  for (const PlacedService* service : placements.services()) {
    if (service->definition().name != "sentiment") continue;
    return R"(/analyze-sentiment -H 'content-type: application/json' -d '{"texts": ["I love it."]}')";
  }
  return "/readyz";
}

}  // namespace

Application::Application(const CommandLine& line, const std::vector<run::ServiceDefinition>& definitions,
                         const config::Values& settings)
    : line_(line),
      definitions_(definitions),
      settings_(settings),
      server_(settings.Get<ServerConfig>("server")),
      telemetry_(settings.Get<ObserveConfig>("observe"), InstanceName(line)),
      loops_(LoopCount(server_)),
      control_(1),
      pool_("pool", kPoolThreads, kPoolQueue),
      channels_(static_cast<size_t>(server_.limits.max_body_bytes), pool_) {
  AddBackends(runtimes_, image_decoders_, stores_);
}

Application::~Application() { Stop(); }

absl::Status Application::Start() {
  edges_ = std::make_unique<Edges>(settings_, loops_, control_.at(0), pool_, telemetry_);
  if (is_child()) {
    const std::string socket = FromEnvironment("STARLING_SOCKET");
    if (socket.empty())
      return FailedPrecondition("--child is for starling's own use: STARLING_SOCKET is not set.");
    RETURN_IF_ERROR(edges_->ListenAsChild(socket));
  } else {
    ASSIGN_OR_RETURN(directory_, RuntimeDirectory::Make());
    RETURN_IF_ERROR(edges_->Listen(directory_->path() + "/parent.sock"));
  }
  const absl::StatusOr<PlacementPlan> plan =
      is_child() ? PlanChild(definitions_, line_.child_service, FromEnvironment("STARLING_PARENT_SOCKET"))
                 : PlanServices(definitions_, settings_.Get<PlacementsConfig>("placement"), line_.targets);
  RETURN_IF_ERROR(plan.status());
  ASSIGN_OR_RETURN(std::string openapi, PublicDocument(definitions_, *plan));
  placements_ = std::make_unique<Placements>(Tools(), !is_child());
  RETURN_IF_ERROR(placements_->Place(*plan));
  return edges_->Open(*placements_, std::move(openapi));
}

PlacementTools Application::Tools() {
  return {
      .environment = {settings_, loops_, telemetry_.metrics(), telemetry_.tracer(), runtimes_,
                      image_decoders_, stores_, nullptr},
      .control_loop = &control_.at(0),
      .spawner = &spawner_,
      .channels = &channels_,
      .with_policies = [this](const PlacedService& service, const rpc::Contract& contract,
                              rpc::Endpoint& inner) -> std::unique_ptr<rpc::Endpoint> {
        return std::make_unique<rpc::PolicyEndpoint>(
            contract, inner,
            rpc::PolicyOptions{service.definition().name, service.mode(),
                               server_.limits.max_concurrent_calls},
            telemetry_.metrics(), telemetry_.tracer());
      },
      .child_line = LogChildLine,
      .event = [](observe::Level level, std::string_view event) { observe::Log(level, event); },
      .own_command = OwnCommand(line_),
      .own_environment = {{"STARLING_PARENT_SOCKET",
                           directory_ != nullptr ? directory_->path() + "/parent.sock" : ""},
                          {"STARLING_MAX_MESSAGE_BYTES", StrCat(server_.limits.max_body_bytes)}},
      .processes = &telemetry_.processes(),
      .socket_directory = directory_ != nullptr ? directory_->path() : "",
  };
}

void Application::Announce() const {
  if (is_child()) return;
  std::string http;
  std::printf("Starling %s\n", kVersion);
  for (const Edges::Address& address : edges_->addresses()) {
    std::printf("  %-6s %s\n", address.name.c_str(), address.url.c_str());
    if (address.name == "http") http = address.url;
  }
  if (server_.docs && !http.empty()) std::printf("  docs   %s/docs\n", http.c_str());
  std::printf("Try it:\n");
  if (!http.empty()) std::printf("  curl %s%s\n", http.c_str(), FirstRequest(*placements_).c_str());
  std::printf("Ctrl-C stops.\n");
  std::fflush(stdout);
}

bool Application::Stop() {
  if (std::exchange(stopped_, true)) return true;
  bool clean = true;
  // Callers first, then what serves them; children call back through the inner listener until they have ended.
  if (edges_ != nullptr) clean = edges_->DrainPublic(server_.drain_timeout);
  if (placements_ != nullptr) placements_->Stop();
  edges_.reset();
  placements_.reset();
  return clean;
}

}  // namespace starling::app

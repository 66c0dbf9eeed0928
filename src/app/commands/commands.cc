#include "app/commands/commands.h"

#include <cstdio>
#include <string>

#include "app/app_config.h"
#include "app/commands/traffic_command.h"
#include "app/edge_access.h"
#include "app/openapi/openapi_document.h"
#include "app/placements.h"
#include "app/telemetry.h"
#include "app/version.h"
#include "base/json_quote.h"
#include "base/status.h"
#include "core/config/print.h"
#include "core/http/edge/api_key.h"
#include "core/rpc/method.h"

namespace starling::app {
namespace {

using Definitions = std::vector<run::ServiceDefinition>;

std::string_view ShapeName(rpc::CallShape shape) {
  switch (shape) {
    case rpc::CallShape::kUnary:
      return "unary";
    case rpc::CallShape::kServerStream:
      return "server stream";
    case rpc::CallShape::kClientStream:
      return "client stream";
    default:
      return "both streams";
  }
}

std::string_view AccessName(rpc::Access access, std::string_view scope) {
  switch (access) {
    case rpc::Access::kPublic:
      return "anyone";
    case rpc::Access::kAuthenticated:
      return "authenticated";
    case rpc::Access::kScope:
      return scope;
    case rpc::Access::kService:
      return "services";
    default:
      return "nobody";
  }
}

int ListTargets(const Definitions& services) {
  for (const run::ServiceDefinition& service : services) {
    std::string needs;
    for (const std::string& need : service.needs) needs += (needs.empty() ? "needs " : ", ") + need;
    std::printf("%-12s %s%s%s\n", service.name.c_str(), service.summary.c_str(), needs.empty() ? "" : " ",
                needs.c_str());
  }
  return 0;
}

void PrintRoute(std::string_view verb, std::string_view path, std::string_view access,
                std::string_view shape) {
  std::printf("%-7s %-44s %-14s %s\n", std::string(verb).c_str(), std::string(path).c_str(),
              std::string(access).c_str(), std::string(shape).c_str());
}

int ListRoutes(const Definitions& services) {
  for (const run::ServiceDefinition& service : services) {
    for (const rpc::Contract* contract : service.contracts) {
      for (const rpc::Method& method : contract->methods) {
        for (const rpc::HttpRule& rule : method.http)
          PrintRoute(rule.verb, rule.path, AccessName(method.access, method.scope), ShapeName(method.shape));
        PrintRoute("gRPC", method.path, AccessName(method.access, method.scope), ShapeName(method.shape));
      }
    }
    for (const run::AdapterDefinition& adapter : service.adapters) {
      for (const http::AdapterRoute& route : adapter.routes)
        PrintRoute(route.verb, route.path, AccessName(route.access, route.scope), adapter.name);
    }
  }
  for (const char* page : {"/docs", "/openapi.json", "/livez", "/readyz"})
    PrintRoute("GET", page, "anyone", "page");
  return 0;
}

// The key goes to standard error and its entry to standard output, so that `>> keys.yaml` keeps no key.
int PrintNewApiKey(const std::string& name, const std::vector<std::string>& scopes) {
  const http::NewApiKey made = http::MakeApiKey();
  std::string entry = StrCat("  - name: ", JsonQuote(name), "\n    hash: ", JsonQuote(made.hash), "\n");
  if (!scopes.empty()) {
    entry += "    scopes: [";
    for (const std::string& scope : scopes)
      StrAppend(&entry, &scope == scopes.data() ? "" : ", ", JsonQuote(scope));
    entry += "]\n";
  }
  std::fprintf(stderr, "The key of %s, shown this once:\n\n  %s\n\nIts entry in the configuration:\n\n",
               name.c_str(), made.key.c_str());
  std::printf("auth:\n  api_keys:\n%s", entry.c_str());
  return 0;
}

int PrintVersion() {
  const BuildInfo info = ThisBuild();
  std::printf("starling %s\n  commit    %s\n  compiler  %s\n  build     %s\n", kVersion,
              std::string(info.commit).c_str(), std::string(info.compiler).c_str(),
              std::string(info.build).c_str());
  return 0;
}

}  // namespace

config::Schema MakeSchema(const Definitions& services) {
  config::Schema schema;
  DeclareSettings(schema, services);
  DeclareObserveSettings(schema);
  for (const run::ServiceDefinition& service : services) {
    if (service.declare_settings) service.declare_settings(schema);
  }
  return schema;
}

int RunCommand(const CommandLine& line, const Definitions& services, const config::Schema& schema) {
  switch (line.command) {
    case Command::kPrintConfigSchema:
      std::fputs(config::JsonSchema(schema).c_str(), stdout);
      return 0;
    case Command::kPrintConfigReference:
      std::fputs(config::ReferencePage(schema).c_str(), stdout);
      return 0;
    case Command::kListTargets:
      return ListTargets(services);
    case Command::kListRoutes:
      return ListRoutes(services);
    case Command::kMakeApiKey:
      return PrintNewApiKey(line.key_name, line.key_scopes);
    case Command::kTraffic:
      return RunTraffic(line.traffic);
    default:
      return PrintVersion();
  }
}

int PrintOpenApi(const CommandLine& line, const Definitions& services, const config::Values& settings) {
  const auto plan = PlanServices(services, settings.Get<PlacementsConfig>("placement"), line.targets);
  const auto document = plan.ok() ? PublicDocument(services, *plan) : plan.status();
  if (!document.ok()) {
    std::fprintf(stderr, "starling: %s\n", std::string(Message(document.status())).c_str());
    return 1;
  }
  std::fputs(document->c_str(), stdout);
  return 0;
}

int CheckConfig(const CommandLine& line, const Definitions& services, const config::Schema& schema,
                const config::Values& settings) {
  const auto plan = PlanServices(services, settings.Get<PlacementsConfig>("placement"), line.targets);
  if (!plan.ok()) {
    std::fprintf(stderr, "starling: %s\n", std::string(Message(plan.status())).c_str());
    return 1;
  }
  const auto access =
      EdgeAccess::Make(settings.Get<ServerConfig>("server"), settings.Get<AuthConfig>("auth"));
  if (!access.ok()) {
    std::fprintf(stderr, "starling: %s\n", std::string(Message(access.status())).c_str());
    return 1;
  }
  std::fputs(config::EffectiveYaml(schema, settings).c_str(), stdout);
  std::printf("# The configuration is right. Services, in the order of their start:\n");
  for (const auto& [definition, config] : plan->services) {
    std::printf("#   %-12s %s\n", definition->name.c_str(), std::string(ModeName(config.mode)).c_str());
  }
  return 0;
}

}  // namespace starling::app

#include "app/edges.h"

#include <algorithm>
#include <future>
#include <utility>

#include "app/admin_service.h"
#include "app/edge_access.h"
#include "app/health_service.h"
#include "app/listener_metrics.h"
#include "app/listener_options.h"
#include "app/openapi/openapi_document.h"
#include "app/pages/docs_pages.h"
#include "app/pages/metrics_page.h"
#include "app/pages/static_page.h"
#include "base/status.h"
#include "core/async/spawn.h"
#include "core/grpc/handler.h"
#include "core/grpc/reflection.h"
#include "core/http/listener.h"
#include "core/http/routing/adapter_route.h"
#include "core/http/routing/json_route.h"
#include "core/http/routing/router.h"
#include "core/http/transport/socket_address.h"
#include "core/observe/log.h"
#include "core/rpc/admission.h"
#include "core/rpc/policy_endpoint.h"
#include "starling/admin/v1/admin.starling.h"

namespace starling::app {
// One set of routes, and what its handlers are made of.
struct Face {
  Face(http::Handler& early, CorsConfig cors, Telemetry& telemetry, http::CompressionOptions compression,
       http::JsonOptions json, const grpc::HandlerOptions& grpc)
      : door(early),
        json_options(json),
        adapter_options{.limits = {json.max_body_bytes, json.request_timeout}, .tracer = json.tracer},
        grpc_options(grpc),
        router(http::CorsOptions{std::move(cors.allowed_origins)}, telemetry.metrics(), compression) {}

  FrontDoor door;
  http::JsonOptions json_options;
  http::AdapterRouteOptions adapter_options;
  grpc::HandlerOptions grpc_options;
  http::Router router;
  std::vector<std::unique_ptr<http::RouteHandler>> route_handlers;
  std::unique_ptr<grpc::Reflection> reflection;
  std::unique_ptr<grpc::Handler> grpc;
  Routes routes;

  void Admit(rpc::Admission* admission) {
    json_options.admission = grpc_options.admission = adapter_options.admission = admission;
  }
  // Null: the peer of a Unix socket is a service, everyone else anonymous.
  void Ask(http::Authenticator* authenticator) {
    json_options.authenticator = grpc_options.authenticator = adapter_options.authenticator = authenticator;
  }

  absl::Status Serve(const std::vector<run::Served>& served, bool reflects) {
    std::vector<grpc::Served> over_grpc;
    std::vector<const rpc::Contract*> contracts;
    for (const run::Served& one : served) {
      over_grpc.push_back({one.contract, one.endpoint});
      contracts.push_back(one.contract);
      for (const rpc::Method& method : one.contract->methods) {
        for (const rpc::HttpRule& rule : method.http) {
          route_handlers.push_back(
              std::make_unique<http::JsonRoute>(json_options, method, rule, *one.endpoint));
          RETURN_IF_ERROR(
              router.Add(rule.verb, rule.path, std::string(method.path.substr(1)), *route_handlers.back()));
        }
      }
    }
    if (reflects) {
      reflection = std::make_unique<grpc::Reflection>(contracts);
      for (const grpc::Served& own : reflection->served()) over_grpc.push_back(own);
    }
    grpc = std::make_unique<grpc::Handler>(grpc_options, over_grpc);
    routes = {grpc.get(), &router, &router};
    return absl::OkStatus();
  }

  absl::Status Serve(const PlacedAdapter& placed) {
    for (const http::AdapterRoute& route : placed.definition->routes) {
      route_handlers.push_back(
          std::make_unique<http::AdapterRouteHandler>(adapter_options, placed.name, route, *placed.adapter));
      RETURN_IF_ERROR(router.Add(route.verb, route.path, placed.name, *route_handlers.back()));
    }
    for (const std::string& prefix : placed.definition->prefixes)
      router.AddErrors(prefix, placed.adapter->errors());
    return absl::OkStatus();
  }
};

namespace {

// Why a listener cannot be, with the setting that the operator may change.
absl::Status Explained(const absl::Status& status, const std::string& name) {
  const std::string setting = StrCat("server.", name);
  std::string said = StrCat(setting, ": ", Message(status));
  if (absl::IsAlreadyExists(status)) {
    StrAppend(&said, " Stop the program that listens there, or set ", setting,
              ".address to another; port 0 is a free one.");
  }
  return {status.code(), said};
}

http::JsonOptions JsonFor(const LimitsConfig& limits, Telemetry& telemetry) {
  http::JsonOptions json;
  json.max_body_bytes = static_cast<size_t>(limits.max_body_bytes);
  json.json.max_depth = static_cast<size_t>(limits.max_json_depth);
  json.request_timeout = limits.request_timeout;
  json.tracer = &telemetry.tracer();
  return json;
}

http::CompressionOptions CompressionFor(const ServerConfig& server, async::Pool& pool) {
  const auto over = static_cast<size_t>(server.compress_over_bytes);
  return {.over_bytes = over > 0 ? over : SIZE_MAX, .pool = &pool};
}

grpc::HandlerOptions GrpcFor(const LimitsConfig& limits, async::Pool& pool, Telemetry& telemetry) {
  grpc::HandlerOptions grpc;
  grpc.max_request_bytes = grpc.max_response_bytes = static_cast<size_t>(limits.max_body_bytes);
  grpc.pool = &pool;
  grpc.tracer = &telemetry.tracer();
  return grpc;
}

}  // namespace

struct Edges::Parts {
  Parts(const config::Values& settings, async::LoopGroup& l, async::Loop& c, async::Pool& p, Telemetry& t)
      : server(settings.Get<ServerConfig>("server")),
        auth(settings.Get<AuthConfig>("auth")),
        loops(l),
        control(c),
        pool(p),
        telemetry(t),
        edge_metrics(t.metrics()),
        ready_page([this] { return current.load(); }),
        health(*this),
        metrics_page(t.metrics()),
        guarded_metrics_page(metrics_page),
        admin_service(
            t.logger(), [this] { return Services(); }, stopping.token()),
        admin_dispatcher(admin_service),
        admin_policies(admin::v1::AdminServiceContract(), admin_dispatcher,
                       {.service = "admin", .placement = "inline"}, t.metrics(), t.tracer()),
        health_service([this] { return current.load(); }),
        health_dispatcher(health_service),
        public_face(health, server.cors, t, CompressionFor(server, p), JsonFor(server.limits, t),
                    GrpcFor(server.limits, p, t)),
        admin_face(health, {}, t, CompressionFor(server, p), JsonFor(server.limits, t),
                   GrpcFor(server.limits, p, t)),
        inner_face(health, {}, t, {}, JsonFor(server.limits, t), GrpcFor(server.limits, p, t)) {}

  // /livez and /readyz, at any time.
  class Health final : public http::Handler {
   public:
    explicit Health(Parts& parts) : parts_(parts) {}
    async::Task<void> Handle(http::Exchange& exchange) override {
      if (exchange.request().path == "/livez") co_return co_await parts_.live_page.Handle(exchange);
      co_await parts_.ready_page.Handle(exchange);
    }

   private:
    Parts& parts_;
  };

  std::vector<const PlacedService*> Services() const {
    const Placements* placements = current.load();
    return placements != nullptr ? placements->services() : std::vector<const PlacedService*>();
  }

  absl::StatusOr<std::unique_ptr<http::Listener>> Start(const std::string& name, const ListenConfig& listen,
                                                        FrontDoor& door) {
    auto listener =
        http::Listener::Start(loops, ListenerOptionsFor(listen, server, edge_metrics, door), door);
    if (!listener.ok()) return Explained(listener.status(), name);
    for (auto& one : ExportListener(telemetry.metrics(), name, (*listener)->stats())) {
      listener_metrics.push_back(std::move(one));
    }
    return listener;
  }

  const ServerConfig& server;
  const AuthConfig& auth;
  std::unique_ptr<EdgeAccess> access;
  std::unique_ptr<rpc::Admission> admission;
  async::LoopGroup& loops;
  async::Loop& control;
  async::Pool& pool;
  Telemetry& telemetry;
  std::atomic<const Placements*> current{nullptr};  // while they serve
  CancelSource stopping;
  const http::EdgeMetrics edge_metrics;
  LivePage live_page;
  ReadyPage ready_page;
  Health health;
  MetricsPage metrics_page;
  OperatorPage guarded_metrics_page;
  AdminService admin_service;
  admin::v1::AdminServiceDispatcher admin_dispatcher;
  rpc::PolicyEndpoint admin_policies;
  HealthService health_service;
  ::grpc::health::v1::HealthDispatcher health_dispatcher;
  std::vector<std::unique_ptr<http::Handler>> pages;
  Face public_face, admin_face, inner_face;
  // Last: closed first.
  std::vector<std::unique_ptr<http::Listener>> public_listeners;
  std::unique_ptr<http::Listener> inner_listener;
  std::vector<observe::CallbackRegistration> listener_metrics;
};

Edges::Edges(const config::Values& settings, async::LoopGroup& loops, async::Loop& control, async::Pool& pool,
             Telemetry& telemetry)
    : parts_(std::make_unique<Parts>(settings, loops, control, pool, telemetry)) {}

Edges::~Edges() = default;

absl::Status Edges::Listen(const std::string& inner_socket) {
  struct One {
    const char* name;
    const ListenConfig& config;
    Face& face;
  };
  const ServerConfig& server = parts_->server;
  ASSIGN_OR_RETURN(parts_->access, EdgeAccess::Make(server, parts_->auth));
  for (const std::string& warning : parts_->access->warnings()) observe::LogWarning(warning);
  parts_->public_face.Ask(&parts_->access->callers());
  // Not on the inner listener: between processes of one machine packing only costs.
  parts_->public_face.grpc_options.compress_over_bytes = CompressionFor(server, parts_->pool).over_bytes;
  parts_->admin_face.Ask(&parts_->access->operators());
  if (server.limits.adaptive_concurrency) {
    // What comes in elsewhere is part of a call that was let in here.
    parts_->admission = std::make_unique<rpc::Admission>(
        resilience::ConcurrencyLimit::Options{.max = server.limits.max_concurrent_calls},
        parts_->telemetry.metrics());
    parts_->public_face.Admit(parts_->admission.get());
  }
  parts_->guarded_metrics_page.set_authenticator(&parts_->access->operators());
  for (const One& one :
       {One{"http", server.http, parts_->public_face}, One{"grpc", server.grpc, parts_->public_face},
        One{"admin", server.admin, parts_->admin_face}}) {
    if (one.config.address.empty()) continue;
    ASSIGN_OR_RETURN(auto listener, parts_->Start(one.name, one.config, one.face.door));
    const bool tls = !one.config.tls.certificate_file.empty();
    const std::string scheme = std::string(one.name) == "grpc" ? "" : tls ? "https://" : "http://";
    addresses_.push_back({one.name, scheme + listener->address()});
    parts_->public_listeners.push_back(std::move(listener));
  }
  ListenConfig inner;
  inner.address = "unix:" + inner_socket;
  ASSIGN_OR_RETURN(parts_->inner_listener, parts_->Start("inner", inner, parts_->inner_face.door));
  return absl::OkStatus();
}

absl::Status Edges::ListenAsChild(const std::string& socket) {
  ListenConfig config;
  config.address = "unix:" + socket;
  ASSIGN_OR_RETURN(auto listener, parts_->Start("inner", config, parts_->inner_face.door));
  parts_->public_listeners.push_back(std::move(listener));
  return absl::OkStatus();
}

absl::Status Edges::Open(const Placements& placements, std::string openapi) {
  Parts& parts = *parts_;
  const run::Served health{&::grpc::health::v1::HealthContract(), &parts.health_dispatcher};
  std::vector<run::Served> served = placements.served();
  served.push_back(health);
  const bool reflects = parts.server.reflection;
  RETURN_IF_ERROR(parts.public_face.Serve(served, reflects));
  for (const PlacedAdapter& adapter : placements.adapters())
    RETURN_IF_ERROR(parts.public_face.Serve(adapter));
  RETURN_IF_ERROR(parts.inner_face.Serve(served, false));
  std::vector<run::Served> for_operators = {{&admin::v1::AdminServiceContract(), &parts.admin_policies},
                                            health};
  for (const PlacedService* service : placements.services()) {
    const auto& open = service->definition().for_operators;
    for (const run::Served& one : service->served()) {
      if (std::find(open.begin(), open.end(), one.contract) != open.end()) for_operators.push_back(one);
    }
  }
  RETURN_IF_ERROR(parts.admin_face.Serve(for_operators, reflects));
  RETURN_IF_ERROR(parts.admin_face.router.AddPage("/metrics", "metrics", parts.guarded_metrics_page));
  const auto add_document = [&parts](Face& face, std::string document) {
    StaticContent content{.content_type = "application/json", .plain = Bytes(std::move(document))};
    parts.pages.push_back(std::make_unique<StaticPage>(std::move(content), parts.pool));
    return face.router.AddPage("/openapi.json", "openapi", *parts.pages.back());
  };
  RETURN_IF_ERROR(add_document(parts.public_face, std::move(openapi)));
  ASSIGN_OR_RETURN(std::string admin_document, AdminDocument(admin::v1::AdminServiceContract()));
  RETURN_IF_ERROR(add_document(parts.admin_face, std::move(admin_document)));
  if (parts.server.docs) RETURN_IF_ERROR(AddDocsPages(parts.public_face.router, parts.pool, parts.pages));
  parts.current.store(&placements);
  for (Face* face : {&parts.public_face, &parts.inner_face, &parts.admin_face})
    face->door.Open(&face->routes);
  return absl::OkStatus();
}

void Edges::ReloadTls() {
  for (const auto& listener : parts_->public_listeners) {
    const absl::Status reloaded = listener->ReloadTls();
    if (reloaded.ok()) {
      observe::LogInfo("read the files of TLS again", {{"listener", listener->address()}});
    } else {
      observe::LogError("kept the files of TLS that were read before",
                        {{"listener", listener->address()}, {"reason", Message(reloaded)}});
    }
  }
}

namespace {

async::Task<void> DrainAll(std::vector<std::unique_ptr<http::Listener>>* listeners,
                           std::chrono::milliseconds grace, std::promise<bool>* done) {
  bool clean = true;
  async::TaskGroup group;
  auto drain = [](http::Listener* listener, std::chrono::milliseconds time, bool* all) -> async::Task<void> {
    const bool drained = co_await listener->Drain(time);
    *all = *all && drained;
  };
  for (const auto& listener : *listeners) group.Start(drain(listener.get(), grace, &clean));
  co_await group.Join();
  done->set_value(clean);
}

}  // namespace

bool Edges::DrainPublic(std::chrono::milliseconds grace) {
  parts_->current.store(nullptr);
  parts_->stopping.Cancel();
  std::promise<bool> done;
  async::Spawn(parts_->control, DrainAll(&parts_->public_listeners, grace, &done));
  return done.get_future().get();
}

}  // namespace starling::app

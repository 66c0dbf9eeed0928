#include "services/registry/mlflow_adapter.h"

#include <algorithm>
#include <utility>

#include "base/json_quote.h"
#include "base/status.h"
#include "core/config/schema.h"
#include "core/rpc/convert.h"
#include "services/registry/config.h"
#include "services/registry/mlflow_artifacts.h"
#include "services/registry/mlflow_errors.h"
#include "services/registry/mlflow_routes.h"
#include "starling/registry/v1/models.starling.h"
#include "starling/registry/v1/registry.starling.h"
#include "starling/registry/v1/tracking.starling.h"
#include "starling/registry/v1/tracking_messages.starling.h"

namespace starling::registry {
namespace {

constexpr std::string_view kRoot = "/api/2.0/mlflow/";

// Beside the places of MlflowRoutes(), which count from 0.
enum Operation {
  kLogMetric = 1000,
  kLogParam,
  kSetRunTag,
  kServerInfo,
  kListArtifacts,
  kGetArtifact,
  kPutArtifact,
  kDeleteArtifact,
};

bool IsJson(std::string_view type) { return type.substr(0, type.find(';')) == "application/json"; }

// The parameters of a GET as the JSON that other verbs send: decoded by the same tables. `order_by` and the like may be repeated.
std::string JsonOf(const std::vector<std::pair<std::string, std::string>>& query) {
  std::string json = "{";
  std::string lists;
  for (const std::string_view list : {"order_by", "stages"}) {
    std::string items;
    for (const auto& [name, value] : query) {
      if (name == list) StrAppend(&items, items.empty() ? "" : ",", JsonQuote(value));
    }
    if (!items.empty()) StrAppend(&lists, lists.empty() ? "" : ",", JsonQuote(list), ":[", items, "]");
  }
  json += lists;
  for (const auto& [name, value] : query) {
    if (name == "order_by" || name == "stages") continue;
    StrAppend(&json, json.size() > 1 ? "," : "", JsonQuote(name), ":", JsonQuote(value));
  }
  return json + "}";
}

class MlflowAdapter final : public http::Adapter {
 public:
  explicit MlflowAdapter(const run::AdapterEnvironment& environment)
      : config_(environment.settings.Get<RegistryConfig>("registry")),
        registry_(environment.endpoint(v1::RegistryServiceContract())),
        tracking_(environment.endpoint(v1::TrackingServiceContract())),
        tracking_stub_(tracking_),
        artifacts_(environment.endpoint(v1::ArtifactServiceContract())) {}

  const http::ErrorCodec& errors() const override { return errors_; }

  http::AdapterLimits Limits(const http::AdapterRoute& route,
                             const http::AdapterLimits& defaults) const override {
    if (route.operation == kPutArtifact)
      return {static_cast<size_t>(config_.max_artifact_bytes), config_.artifact_timeout};
    if (route.operation == kGetArtifact) return {defaults.max_body_bytes, config_.artifact_timeout};
    return defaults;
  }

  async::Task<absl::Status> Handle(http::AdapterCall& call) override {
    switch (call.route().operation) {
      case kServerInfo:
        return Answer(call, "{\"workspaces_enabled\":false}");
      case kListArtifacts:
        return artifacts_.List(call);
      case kGetArtifact:
        return artifacts_.Get(call);
      case kPutArtifact:
        return artifacts_.Put(call);
      case kDeleteArtifact:
        return artifacts_.Delete(call);
      case kLogMetric:
      case kLogParam:
      case kSetRunTag:
        return LogOne(call);
      default:
        return CallMethod(call, MlflowRoutes()[static_cast<size_t>(call.route().operation)]);
    }
  }

 private:
  // Its own content type is asked for, so that a web page can't send it without its browser asking first (Fetch standard, 2.2.2).
  async::Task<absl::StatusOr<std::string>> ReadJson(http::AdapterCall& call) {
    if (call.request().method == "GET" || call.request().method == "HEAD") {
      CO_ASSIGN_OR_RETURN(const auto query, call.Query());
      co_return JsonOf(query);
    }
    if (!IsJson(call.request().headers.Get("content-type").value_or("")))
      co_return InvalidArgument("The content-type must be application/json.");
    CO_ASSIGN_OR_RETURN(const Bytes body, co_await call.ReadAll());
    co_return std::string(body.view());
  }

  async::Task<absl::Status> CallMethod(http::AdapterCall& call, const MlflowRoute& route) {
    std::shared_ptr<google::protobuf::MessageLite> request = route.method->request->create();
    // Where the path has variables, the contract's first rule has the same.
    const rpc::HttpRule& rule = route.method->http[0];
    const bool has_variables = !call.variables().empty();
    std::string json;
    if (!has_variables || rule.has_body) {
      CO_ASSIGN_OR_RETURN(json, co_await ReadJson(call));
    }
    if (has_variables) {
      const rpc::HttpParameters parameters = {call.variables(), {}};
      CO_RETURN_IF_ERROR(rule.decode(parameters, json, {}, request.get()));
    } else {
      CO_RETURN_IF_ERROR(route.method->request->from_json(json, {}, request.get()));
    }
    rpc::Endpoint& endpoint = route.contract == &v1::RegistryServiceContract() ? registry_ : tracking_;
    auto answer =
        co_await endpoint.Unary(call.context(), *route.method, rpc::Payload::Own(std::move(request)));
    CO_RETURN_IF_ERROR(answer.status());
    CO_ASSIGN_OR_RETURN(const rpc::Payload response,
                        rpc::Decode(*std::move(answer), *route.method->response));
    std::string text;
    route.method->response->to_json(response.message(), &text);
    co_return co_await Answer(call, std::move(text));
  }

  // {"run_id", "key", "value", ...}: one entry of a batch, beside the run.
  async::Task<absl::Status> LogOne(http::AdapterCall& call) {
    CO_ASSIGN_OR_RETURN(const std::string json, co_await ReadJson(call));
    v1::LogBatchRequest batch;
    CO_RETURN_IF_ERROR(v1::LogBatchRequestType().from_json(json, {}, &batch));
    switch (call.route().operation) {
      case kLogMetric:
        CO_RETURN_IF_ERROR(v1::MetricType().from_json(json, {}, batch.add_metrics()));
        break;
      case kLogParam:
        CO_RETURN_IF_ERROR(v1::ParamType().from_json(json, {}, batch.add_params()));
        break;
      default:
        CO_RETURN_IF_ERROR(v1::TagType().from_json(json, {}, batch.add_tags()));
    }
    const auto done = co_await tracking_stub_.LogBatch(call.context(), batch);
    CO_RETURN_IF_ERROR(done.status());
    co_return co_await Answer(call, "{}");
  }

  static async::Task<absl::Status> Answer(http::AdapterCall& call, std::string json) {
    http::Headers headers;
    headers.Add("content-type", "application/json");
    co_return co_await call.Respond(200, std::move(headers), Bytes(std::move(json)));
  }

  const RegistryConfig& config_;
  const MlflowErrors errors_;
  rpc::Endpoint& registry_;
  rpc::Endpoint& tracking_;
  v1::TrackingServiceStub tracking_stub_;
  MlflowArtifacts artifacts_;
};

std::vector<http::AdapterRoute> Routes() {
  const std::string artifacts = "/api/2.0/mlflow-artifacts/artifacts";
  std::vector<http::AdapterRoute> routes;
  int place = 0;
  for (const MlflowRoute& route : MlflowRoutes()) {
    routes.push_back({.verb = std::string(route.verb),
                      .path = StrCat(kRoot, route.path),
                      .operation = place++,
                      .access = route.method->access,
                      .scope = std::string(route.method->scope),
                      .long_lived = false,
                      .admitted_as = route.method});
  }
  const auto add = [&routes](std::string verb, std::string path, int operation, std::string scope,
                             http::RouteDescription description) {
    const rpc::Access access = scope.empty() ? rpc::Access::kPublic : rpc::Access::kScope;
    const bool long_lived = operation >= kGetArtifact;
    routes.push_back({.verb = std::move(verb),
                      .path = std::move(path),
                      .operation = operation,
                      .access = access,
                      .scope = std::move(scope),
                      .long_lived = long_lived,
                      .description = std::move(description)});
  };
  const std::string write = "registry.write", read = "registry.read";
  const std::string file = artifacts + "/{path=**}";
  add("POST", StrCat(kRoot, "runs/log-metric"), kLogMetric, write,
      {.summary = "One value of a metric", .body = {"application/json"}});
  add("POST", StrCat(kRoot, "runs/log-parameter"), kLogParam, write,
      {.summary = "One parameter of a run", .body = {"application/json"}});
  add("POST", StrCat(kRoot, "runs/set-tag"), kSetRunTag, write,
      {.summary = "One tag of a run", .body = {"application/json"}});
  add("GET", "/api/3.0/mlflow/server-info", kServerInfo, "", {.summary = "What this server is able to do"});
  add("GET", artifacts, kListArtifacts, read, {.summary = "Files below a path", .query = {"path"}});
  add("GET", file, kGetArtifact, read,
      {.summary = "The bytes of a file", .answer = {"application/octet-stream"}});
  add("PUT", file, kPutArtifact, write, {.summary = "Stores a file", .body = {"application/octet-stream"}});
  add("DELETE", file, kDeleteArtifact, write, {.summary = "Deletes a file or a folder"});
  return routes;
}

}  // namespace

run::AdapterDefinition MlflowAdapterDefinition() {
  run::AdapterDefinition definition;
  definition.name = "mlflow";
  definition.title = "MLflow";
  definition.summary = "MLflow's REST API, for its own clients.";
  definition.error_schema =
      R"({"type":"object","properties":{"error_code":{"type":"string"},"message":{"type":"string"}},)"
      R"("required":["error_code","message"]})";
  definition.prefixes = {"/api/2.0/mlflow", "/api/2.0/mlflow-artifacts", "/api/3.0/mlflow"};
  definition.routes = Routes();
  definition.create = [](const run::AdapterEnvironment& environment) {
    return absl::StatusOr<std::unique_ptr<http::Adapter>>(std::make_unique<MlflowAdapter>(environment));
  };
  return definition;
}

}  // namespace starling::registry

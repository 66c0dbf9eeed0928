#include "services/models/service.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "base/status.h"
#include "core/config/schema.h"
#include "core/store/stores.h"
#include "services/models/config.h"
#include "services/models/follow/alias_follower.h"
#include "services/models/follow/follow_cache.h"
#include "services/models/models_api.h"
#include "services/models/oip/open_inference_contract.h"
#include "services/models/oip/open_inference_endpoint.h"
#include "services/models/oip/rest/rest_adapter.h"
#include "services/models/oip/rest/rest_routes.h"
#include "services/models/repository/model_repository.h"
#include "services/models/traffic/alias_mover.h"
#include "services/models/traffic/traffic_api.h"
#include "services/models/traffic/traffic_keeper.h"
#include "services/models/traffic/traffic_router.h"

namespace starling::models {
namespace {

// Follows the registry, wherever that runs.
class Following {
 public:
  Following(const run::Environment& environment, ModelRepository& repository,
            std::unique_ptr<FollowCache> cache, FollowOptions options, TrafficKeeper* keeper)
      : registry_(environment.need(registry::v1::RegistryServiceContract())),
        artifacts_(environment.need(registry::v1::ArtifactServiceContract())),
        cache_(std::move(cache)),
        follower_(registry_, artifacts_, repository, *cache_, environment.loops.at(0), environment.metrics,
                  std::move(options)) {
    if (keeper != nullptr)
      mover_.emplace(registry_, *keeper, environment.loops.at(0), environment.metrics, MoverOptions());
  }

 private:
  registry::v1::RegistryServiceStub registry_;
  registry::v1::ArtifactServiceStub artifacts_;
  const std::unique_ptr<FollowCache> cache_;
  AliasFollower follower_;
  std::optional<AliasMover> mover_;  // none unless traffic rules move aliases
};

class Service final : public run::Service {
 public:
  Service(std::unique_ptr<ModelRepository> repository, std::unique_ptr<TrafficRouter> router,
          std::unique_ptr<TrafficKeeper> keeper, const ModelsConfig& config)
      : repository_(std::move(repository)),
        router_(std::move(router)),
        keeper_(std::move(keeper)),
        api_(*repository_, *router_, config.max_texts),
        traffic_(keeper_.get()),
        dispatcher_(api_),
        traffic_dispatcher_(traffic_),
        open_inference_(*repository_, *router_, config.shared_memory_prefix,
                        static_cast<size_t>(config.max_texts)) {
    repository_->Start();
  }

  void Follow(const run::Environment& environment, std::unique_ptr<FollowCache> cache,
              FollowOptions options) {
    if (keeper_ != nullptr) options.in_use = std::bind_front(&TrafficKeeper::VersionsInUse, keeper_.get());
    const bool moves = environment.settings.Get<ModelsConfig>("models").registry.move_aliases;
    following_ = std::make_unique<Following>(environment, *repository_, std::move(cache), std::move(options),
                                             moves ? keeper_.get() : nullptr);
  }

  std::vector<run::Served> Serve() override {
    return {{&v1::ModelsServiceContract(), &dispatcher_},
            {&v1::TrafficServiceContract(), &traffic_dispatcher_},
            {&oip::OpenInferenceContract(), &open_inference_}};
  }

  run::Readiness Ready() const override {
    std::string why = repository_->WhyNotReady();
    return {why.empty(), std::move(why)};
  }

 private:
  // Each uses those above it.
  std::unique_ptr<ModelRepository> repository_;
  std::unique_ptr<TrafficRouter> router_;
  std::unique_ptr<TrafficKeeper> keeper_;  // null: there are no rules
  ModelsApi api_;
  TrafficApi traffic_;
  v1::ModelsServiceDispatcher dispatcher_;
  v1::TrafficServiceDispatcher traffic_dispatcher_;
  oip::OpenInferenceEndpoint open_inference_;
  std::unique_ptr<Following> following_;  // null unless the registry is followed
};

run::StateKind StateWith(const TrafficConfig& config) {
  if (!config.postgres.url.empty()) return run::StateKind::kShared;
  return config.sqlite.path.empty() ? run::StateKind::kStateless : run::StateKind::kSingleWriter;
}

// What followed aliases have where nobody sets a rule; none without a trial, or if none is followed.
std::optional<v1::TrafficRule> RuleOfFollowed(const RegistryConfig& registry) {
  const TrialConfig& config = registry.trial;
  if (config.window == std::chrono::nanoseconds(0) || registry.follow.empty()) return std::nullopt;
  v1::TrafficRule rule;
  rule.set_window_s(std::chrono::duration<double>(config.window).count());
  v1::TrafficLimits* limits = rule.mutable_roll_back();
  limits->set_min_requests(config.min_requests);
  limits->set_max_error_excess(config.max_error_excess);
  if (config.max_p99_ratio > 0) limits->set_max_p99_ratio(config.max_p99_ratio);
  return rule;
}

// Null if the settings name no place for the rules.
absl::StatusOr<std::unique_ptr<TrafficKeeper>> OpenKeeper(const run::Environment& environment,
                                                          const ModelsConfig& models,
                                                          ModelRepository& repository,
                                                          TrafficRouter& router) {
  const TrafficConfig& config = models.traffic;
  const run::StateKind state = StateWith(config);
  std::optional<v1::TrafficRule> of_followed = RuleOfFollowed(models.registry);
  if (state == run::StateKind::kStateless) {
    if (!of_followed.has_value()) return nullptr;
    return FailedPrecondition(
        "models.registry.trial.window needs a place for traffic rules: models.traffic.sqlite.path or "
        "models.traffic.postgres.url.");
  }
  const bool shared = state == run::StateKind::kShared;
  if (const auto folder = std::filesystem::path(config.sqlite.path).parent_path();
      !shared && !folder.empty()) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
      return FailedPrecondition("models.traffic.sqlite.path: the folder ", folder.string(),
                                " can't be made: ", error.message(), ".");
    }
  }
  ASSIGN_OR_RETURN(auto database, environment.stores.Sql(
                                      {.product = shared ? "postgres" : "sqlite",
                                       .where = shared ? config.postgres.url.Reveal() : config.sqlite.path,
                                       .shared_by = kSharedBy}));
  ASSIGN_OR_RETURN(auto store, TrafficStore::Open(std::move(database), config.max_moves));
  return TrafficKeeper::Open(std::move(store), repository, router,
                             {.check_interval = config.check_interval,
                              .max_rules = static_cast<size_t>(config.max_rules),
                              .of_followed = std::move(of_followed),
                              .is_shared = shared});
}

absl::StatusOr<std::unique_ptr<run::Service>> Create(const run::Environment& environment) {
  const auto& config = environment.settings.Get<ModelsConfig>("models");
  RepositoryOptions options;
  options.packages = config.packages;
  options.repositories = config.repository;
  options.mode = config.mode;
  options.load = config.load;
  options.poll_interval = config.poll_interval;
  options.parallel_loads = static_cast<size_t>(config.parallel_loads);
  options.response_cache_bytes = static_cast<size_t>(config.response_cache);
  options.permissions.commands = config.allow_commands;
  options.permissions.upstreams = config.upstreams;
  options.tracer = &environment.tracer;
  options.memory_budget_bytes = static_cast<size_t>(config.memory_budget);
  std::unique_ptr<FollowCache> cache;
  FollowOptions follow;
  if (!config.registry.follow.empty()) {
    ASSIGN_OR_RETURN(follow.aliases, AliasPatterns::Parse(config.registry.follow));
    ASSIGN_OR_RETURN(cache, FollowCache::Open(config.registry.cache));
    follow.limits.max_bytes = config.registry.max_version_bytes;
    options.followed = cache->models();
  }
  ASSIGN_OR_RETURN(auto repository, ModelRepository::Open(std::move(options), environment.runtimes,
                                                          environment.metrics, MakeBertTokenizer));
  const TrafficShadowConfig& shadow = config.traffic.shadow;
  auto router =
      std::make_unique<TrafficRouter>(*repository, environment.metrics,
                                      ShadowOptions{.max_requests = static_cast<size_t>(shadow.max_requests),
                                                    .max_bytes = static_cast<size_t>(shadow.max_bytes),
                                                    .timeout = shadow.timeout});
  ASSIGN_OR_RETURN(auto keeper, OpenKeeper(environment, config, *repository, *router));
  auto service =
      std::make_unique<Service>(std::move(repository), std::move(router), std::move(keeper), config);
  if (cache != nullptr) service->Follow(environment, std::move(cache), std::move(follow));
  return service;
}

run::AdapterDefinition OpenInferenceAdapter() {
  run::AdapterDefinition adapter;
  adapter.name = "open-inference";
  adapter.title = "Open Inference";
  adapter.summary = "The Open Inference Protocol v2 with Triton's extensions.";
  adapter.error_schema = R"({"type":"object","properties":{"error":{"type":"string"}},"required":["error"]})";
  adapter.prefixes = {"/v2"};
  adapter.routes = oip::RestRoutes();
  adapter.create =
      [](const run::AdapterEnvironment& environment) -> absl::StatusOr<std::unique_ptr<http::Adapter>> {
    return std::make_unique<oip::RestAdapter>(environment.endpoint(oip::OpenInferenceContract()));
  };
  return adapter;
}

}  // namespace

run::ServiceDefinition Definition() {
  run::ServiceDefinition definition;
  definition.name = "models";
  definition.summary = "Loads models and runs them.";
  definition.state = run::StateKind::kStateless;
  definition.state_with = [](const config::Values& settings) {
    return StateWith(settings.Get<ModelsConfig>("models").traffic);
  };
  definition.shared_by = kSharedBy;
  definition.contracts = {&v1::ModelsServiceContract(), &v1::TrafficServiceContract(),
                          &oip::OpenInferenceContract()};
  definition.for_operators = {&v1::ModelsServiceContract(), &v1::TrafficServiceContract()};
  definition.needs_with = [](const config::Values& settings) {
    const bool follows = !settings.Get<ModelsConfig>("models").registry.follow.empty();
    return follows ? std::vector<std::string>{"registry"} : std::vector<std::string>();
  };
  definition.needs_with_by = "models.registry.follow";
  definition.adapters = {OpenInferenceAdapter()};
  definition.declare_settings = DeclareSettings;
  definition.create = Create;
  return definition;
}

}  // namespace starling::models

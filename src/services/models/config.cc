#include "services/models/config.h"

#include "core/config/declaration.h"
#include "core/config/schema.h"

namespace starling::models {
namespace {

void DeclareSqlite(config::Declaration<TrafficSqliteConfig>& d) {
  d.String("path", &TrafficSqliteConfig::path)
      .Text(
          "The file of traffic rules and their history, for one program alone; relative to the working "
          "directory. With neither this nor models.traffic.postgres.url there are no rules.");
}

void DeclarePostgres(config::Declaration<TrafficPostgresConfig>& d) {
  d.Secret("url", &TrafficPostgresConfig::url)
      .Text(
          "postgresql://USER:PASSWORD@HOST:PORT/DATABASE: the rules lie there, and several programs may "
          "share "
          "them.");
}

void DeclareShadow(config::Declaration<TrafficShadowConfig>& d) {
  d.Int("max_requests", &TrafficShadowConfig::max_requests)
      .Min(1)
      .Max(100000)
      .Text("Most mirrored requests under way at a time; more are dropped and counted.");
  d.Size("max_bytes", &TrafficShadowConfig::max_bytes)
      .Min(1)
      .Text("Most bytes of tensors that mirrored requests keep; what does not fit is dropped and counted.");
  d.Duration("timeout", &TrafficShadowConfig::timeout)
      .Min(std::chrono::milliseconds(1))
      .Max(std::chrono::minutes(10))
      .Text("Longest that one mirrored request may take.");
}

void DeclareTraffic(config::Declaration<TrafficConfig>& d) {
  d.Section("sqlite", &TrafficConfig::sqlite, DeclareSqlite).Text("The embedded database.");
  d.Section("postgres", &TrafficConfig::postgres, DeclarePostgres).Text("PostgreSQL instead of it.");
  d.Duration("check_interval", &TrafficConfig::check_interval)
      .Min(std::chrono::milliseconds(10))
      .Max(std::chrono::minutes(10))
      .Text("Time between two looks at what was observed of the versions.");
  d.Int("max_rules", &TrafficConfig::max_rules).Min(1).Max(100000).Text("Most aliases that may have a rule.");
  d.Int("max_moves", &TrafficConfig::max_moves)
      .Min(1)
      .Max(1000000)
      .Text("Entries of the history that are kept of each alias, the latest ones.");
  d.Section("shadow", &TrafficConfig::shadow, DeclareShadow).Text("What all shadows together may take.");
}

void DeclareTrial(config::Declaration<TrialConfig>& d) {
  d.Duration("window", &TrialConfig::window)
      .Min(std::chrono::seconds(0))
      .Max(std::chrono::hours(24 * 7))
      .Text(
          "How long a version is watched after a followed alias came to it; the version before stays loaded "
          "for "
          "that time, and if a limit below is broken the alias means it again. Needs a place for traffic "
          "rules. "
          "0: no trial.");
  d.Int("min_requests", &TrialConfig::min_requests).Min(1).Text("Fewer requests say nothing.");
  d.Double("max_error_excess", &TrialConfig::max_error_excess)
      .Min(0)
      .Max(1)
      .Text("Part of failed requests minus the part that failed at the version before, at most.");
  d.Double("max_p99_ratio", &TrialConfig::max_p99_ratio)
      .Min(0)
      .Max(1000)
      .Text("99th percentile of the latency in multiples of that of the version before, at most. 0: any.");
}

void DeclareRegistry(config::Declaration<RegistryConfig>& d) {
  d.StringList("follow", &RegistryConfig::follow)
      .Text(
          "Which of the registry's aliases decide what is served, each as MODEL@ALIAS with `*` for any: "
          "[\"*@champion\"], [\"*@*\"], [\"fraud-eu@*\"]. The version that such an alias points to is "
          "fetched and loaded, follows its moves and goes when it is deleted. Empty: none, and the registry "
          "is "
          "not needed.");
  d.Section("trial", &RegistryConfig::trial, DeclareTrial)
      .Text(
          "When a version that an alias came to goes back by itself: the traffic rule of aliases that have "
          "none.");
  d.Bool("move_aliases", &RegistryConfig::move_aliases)
      .Text(
          "Whether the registry's alias is moved too when a traffic rule promotes a version of a followed "
          "alias or "
          "takes one back, so that the registry says what is served. A registry elsewhere must give this "
          "program "
          "the scope registry.write.");
  d.String("cache", &RegistryConfig::cache)
      .Text(
          "Folder of the versions that were fetched, from which they are served at start even if the "
          "registry "
          "is away; made with mode 0700 if it is missing; relative to the working directory.");
  d.Size("max_version_bytes", &RegistryConfig::max_version_bytes)
      .Min(1)
      .Max(int64_t{1} << 50)
      .Text("Largest version that is fetched, all its files together.");
}

void Declare(config::Declaration<ModelsConfig>& d) {
  d.StringList("packages", &ModelsConfig::packages)
      .Text(
          "Folders of the model packages to load, each with a model.yaml; relative to the working "
          "directory.");
  d.StringList("repository", &ModelsConfig::repository)
      .Text(
          "Folders of models with numbered versions, <folder>/<model>/<version>/; relative to the working "
          "directory.");
  d.Choice<RepositoryMode>("mode", &ModelsConfig::mode,
                           {{"none", RepositoryMode::kNone},
                            {"explicit", RepositoryMode::kExplicit},
                            {"poll", RepositoryMode::kPoll}})
      .Text(
          "When models of a repository are loaded: at start and never again (none), when a call says so "
          "(explicit), or also when their folders change (poll).");
  d.StringList("load", &ModelsConfig::load)
      .Text("Under the mode explicit: the repository's models that are loaded at start.");
  d.Duration("poll_interval", &ModelsConfig::poll_interval)
      .Min(std::chrono::milliseconds(10))
      .Max(std::chrono::hours(24))
      .Text("Under the mode poll: the time between two looks at the folders.");
  d.Int("parallel_loads", &ModelsConfig::parallel_loads)
      .Min(1)
      .Max(64)
      .Text(
          "How many models are loaded at the same time; the versions of one come one after the other, and so "
          "do models "
          "within this process, whose memory is measured. One that is slow to come, for example of another "
          "server, holds "
          "a place until it is there or its time-out is over.");
  d.Size("memory_budget", &ModelsConfig::memory_budget)
      .Min(0)
      .Text(
          "What all models together may take in memory, each counted as its package says or else as the size "
          "of its file, or what it was found to take if that is more. Past it the one used longest ago goes, "
          "and comes back when it is asked for. 0: no "
          "bound.");
  d.Size("response_cache", &ModelsConfig::response_cache)
      .Min(0)
      .Text(
          "What answers may be kept, with what was asked, of the models whose package has `response_cache: "
          "true`. "
          "Past it the one asked for longest ago goes. 0: none.");
  d.Int("max_texts", &ModelsConfig::max_texts)
      .Min(1)
      .Max(1000000)
      .Text("Most texts in one request of ClassifyText.");
  d.String("shared_memory_prefix", &ModelsConfig::shared_memory_prefix)
      .Text(
          "What the names of shared memory that callers hand over for tensors must begin with, for example "
          "\"tensors-\"; "
          "empty: none is taken.");
  d.Bool("allow_commands", &ModelsConfig::allow_commands)
      .Text(
          "Whether packages with the runtime `process` may start the programs that they name. Whoever can "
          "write such a "
          "package then runs code as this program's user; so it is off, and such a model fails to load.");
  d.Section("traffic", &ModelsConfig::traffic, DeclareTraffic)
      .Text("Traffic rules on aliases: weights, shadows, promotion and roll-back.");
  d.Section("registry", &ModelsConfig::registry, DeclareRegistry).Text("Models that come from the registry.");
  d.StringList("upstreams", &ModelsConfig::upstreams)
      .Text(
          "Whom packages with the runtime `remote` may call, beside this machine itself: host names or "
          "addresses, each "
          "with or without a port. Link-local and metadata addresses are refused all the same.");
}

}  // namespace

void DeclareSettings(config::Schema& schema) { schema.Add("models", Declare); }

}  // namespace starling::models

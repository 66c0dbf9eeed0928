#include "services/models/repository/model_repository.h"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <latch>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

#include "base/status.h"
#include "core/async/loop.h"
#include "services/models/repository/repository_scan.h"

namespace starling::models {

namespace fs = std::filesystem;
using inference::ModelPackage;
using std::chrono::steady_clock;

ModelRepository::ModelRepository(RepositoryOptions options, const inference::RuntimeRegistry& runtimes,
                                 observe::Registry& metrics, TokenizerFactory tokenizers)
    : options_(std::move(options)),
      tokenizers_(std::move(tokenizers)),
      cache_(options_.response_cache_bytes),
      fallbacks_(table_, metrics),
      steps_(*this, table_),
      life_(table_,
            {runtimes, metrics, tokenizers_, cache_, options_.permissions, stopping_.token(), steps_,
             options_.tracer, GraphStepCounters(metrics)},
            {options_.memory_budget_bytes, options_.heap_bytes},
            [this](std::shared_ptr<ModelVersion> version) { retries_.Later(std::move(version)); }),
      thread_("model-life", 1, std::numeric_limits<size_t>::max()),
      retries_([this](std::shared_ptr<ModelVersion> version) {
        static_cast<void>(thread_.TryRun([this, version = std::move(version)] { life_.Retry(version); }));
      }),
      states_(metrics.AddCallback({.name = "starling.models.versions",
                                   .unit = "",
                                   .help = "Versions of models by their state.",
                                   .labels = {"state"}},
                                  observe::MetricType::kGauge,
                                  [this](const observe::Report& report) { ReportStates(report); })),
      memory_(ReportMemory(metrics, table_)),
      cache_requests_(metrics.AddCallback({.name = "starling.models.cache.requests",
                                           .unit = "{request}",
                                           .help = "Requests that asked the response cache.",
                                           .labels = {"result"}},
                                          observe::MetricType::kCounter,
                                          [this](const observe::Report& report) {
                                            report({"hit"}, static_cast<double>(cache_.hits()));
                                            report({"miss"}, static_cast<double>(cache_.misses()));
                                          })),
      cache_size_(metrics.AddCallback({.name = "starling.models.cache.size",
                                       .unit = "By",
                                       .help = "What the response cache holds.",
                                       .labels = {}},
                                      observe::MetricType::kGauge, [this](const observe::Report& report) {
                                        report({}, static_cast<double>(cache_.bytes()));
                                      })) {}

void ModelRepository::ReportStates(const observe::Report& report) const {
  std::map<std::string_view, size_t> counts;
  for (const ModelInfo& info : Index()) ++counts[Name(info.state)];
  for (const auto& [state, count] : counts) report({std::string(state)}, static_cast<double>(count));
}

ModelRepository::~ModelRepository() {
  stopping_.Cancel();
  polling_ = {};
  std::vector<ModelLease> ended;
  std::lock_guard lock(table_.mutex);
  table_.stopping = true;
  for (const auto& [name, model] : table_.models) {
    for (const auto& version : model.versions) ended.push_back(std::exchange(version->served, nullptr));
  }
}

absl::StatusOr<std::unique_ptr<ModelRepository>> ModelRepository::Open(
    RepositoryOptions options, const inference::RuntimeRegistry& runtimes, observe::Registry& metrics,
    TokenizerFactory tokenizers) {
  std::unique_ptr<ModelRepository> repository(
      new ModelRepository(std::move(options), runtimes, metrics, std::move(tokenizers)));
  for (const std::string& folder : repository->options_.packages)
    RETURN_IF_ERROR(repository->AddPackage(folder));
  for (const std::string& path : repository->options_.repositories)
    RETURN_IF_ERROR(repository->AddRepository(path));
  if (!repository->options_.followed.empty()) RETURN_IF_ERROR(repository->AddFollowed());
  return repository;
}

absl::Status ModelRepository::AddPackage(const std::string& folder) {
  ASSIGN_OR_RETURN(ModelPackage package, inference::ReadModelPackage(folder));
  std::lock_guard lock(table_.mutex);
  for (const auto& other : table_.models[package.name].versions) {
    if (other->package.version == package.version) {
      return InvalidArgument("Version ", package.version, " of model '", package.name,
                             "' is there twice: ", other->package.file, " and ", package.file, ".");
    }
  }
  table_.Insert(std::make_shared<ModelVersion>(std::move(package)));
  return absl::OkStatus();
}

absl::Status ModelRepository::AddRepository(const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<FoundModel> found, ScanRepository(path));
  for (const FoundModel& model : found) {
    {
      std::lock_guard lock(table_.mutex);
      const auto known = table_.models.find(model.name);
      if (known != table_.models.end() && !known->second.versions.empty()) {
        return InvalidArgument("Model '", model.name, "' of ", path,
                               " is there twice: a model is in one repository, or one of models.packages.");
      }
    }
    const auto versions = life_.Discover(model, false);
    const auto& load = options_.load;
    const bool wanted = options_.mode != RepositoryMode::kExplicit ||
                        std::find(load.begin(), load.end(), model.name) != load.end();
    std::lock_guard lock(table_.mutex);
    for (const auto& version : versions) {
      if (wanted) version->state = ModelState::kLoading;
    }
  }
  return absl::OkStatus();
}

void ModelRepository::Start() {
  static_cast<void>(thread_.TryRun([this] { LoadAll(); }));
  if (options_.mode != RepositoryMode::kPoll) return;
  polling_ = std::jthread([this](const std::stop_token& stop) { PollUntilStopped(stop); });
}

void ModelRepository::LoadAll() {
  std::vector<std::shared_ptr<ModelVersion>> versions, graphs;
  {
    std::lock_guard lock(table_.mutex);
    for (const auto& [name, model] : table_.models) {
      for (const auto& version : model.versions) {
        if (version->state != ModelState::kLoading) continue;
        (version->package.graph == nullptr ? versions : graphs).push_back(version);
      }
    }
  }
  // Graphs last: what they are checked against is known then.
  versions.insert(versions.end(), graphs.begin(), graphs.end());
  for (const auto& version : versions) static_cast<void>(life_.Load(version, ModelLife::Room::kOrWait));
  life_.RetryGraphs();
  loaded_all_ = true;
}

void ModelRepository::PollUntilStopped(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (true) {
    wake.wait_for(lock, stop, options_.poll_interval, [] { return false; });
    if (stop.stop_requested()) return;
    std::latch done(1);
    const bool runs = thread_.TryRun([this, &done] {
      Poll();
      done.count_down();
    });
    if (runs) done.wait();
  }
}

void ModelRepository::Poll() {
  std::vector<std::string> gone;
  std::vector<FoundModel> found;
  for (const std::string& path : options_.repositories) {
    auto models = ScanRepository(path);
    if (!models.ok()) return;  // a repository that is away for a moment unloads nothing
    found.insert(found.end(), models->begin(), models->end());
  }
  {
    std::lock_guard lock(table_.mutex);
    for (const auto& [name, model] : table_.models) {
      const bool is_there = std::any_of(found.begin(), found.end(),
                                        [&name = name](const FoundModel& one) { return one.name == name; });
      if (!is_there && !model.is_followed) gone.push_back(name);
    }
    std::erase_if(found, [this](const FoundModel& one) {
      const auto known = table_.models.find(one.name);
      return known != table_.models.end() && known->second.is_followed;
    });
  }
  for (const std::string& name : gone)
    found.push_back({.name = name, .versions = {}, .aliases = {}, .status = {}});
  for (const FoundModel& model : found) {
    for (const auto& version : life_.Discover(model, false))
      static_cast<void>(life_.Load(version, ModelLife::Room::kEvict));
    life_.UnloadRemoved(model.name);
  }
  life_.RetryGraphs();
}

absl::StatusOr<ModelLease> ModelRepository::Find(std::string_view name, std::string_view version) const {
  std::lock_guard lock(table_.mutex);
  ASSIGN_OR_RETURN(const auto chosen, table_.Choose(name, version));
  ModelState state{};
  const std::string waits_for = table_.WaitsFor(*chosen, &state);
  if (chosen->served != nullptr && !waits_for.empty()) return Unavailable(waits_for);
  return ModelTable::Lease(*chosen);
}

absl::StatusOr<ModelLease> ModelRepository::LeaseOrAskFor(std::string_view name, std::string_view version,
                                                          const async::Completer<absl::Status>& done,
                                                          std::shared_ptr<ModelVersion>* awaited) {
  std::lock_guard lock(table_.mutex);
  ASSIGN_OR_RETURN(const auto chosen, table_.Choose(name, version));
  chosen->last_used = steady_clock::now();
  if (chosen->served != nullptr || !chosen->on_demand) return ModelTable::Lease(*chosen);
  const bool is_first = chosen->waiting.empty();
  chosen->waiting.push_back(done);
  *awaited = chosen;
  if (is_first) {
    static_cast<void>(
        thread_.TryRun([this, chosen] { static_cast<void>(life_.Load(chosen, ModelLife::Room::kEvict)); }));
  }
  return ModelLease();
}

async::Task<absl::StatusOr<ModelLease>> ModelRepository::Acquire(RequestContext context,
                                                                 std::string_view name,
                                                                 std::string_view version,
                                                                 std::optional<std::string_view> otherwise) {
  CO_RETURN_IF_ERROR(context.Check());
  while (true) {
    async::Completion<absl::Status> loaded;
    const auto done = loaded.completer();
    std::shared_ptr<ModelVersion> awaited;
    auto lease = LeaseOrAskFor(name, version, done, &awaited);
    if (otherwise.has_value() && absl::IsNotFound(lease.status())) {
      lease = LeaseOrAskFor(name, *otherwise, done, &awaited);
    }
    if (awaited == nullptr) co_return lease;
    const auto registration =
        context.cancel().OnCancel([done](const absl::Status& reason) { done.Set(reason); });
    async::Timer timer;
    if (context.has_deadline() && async::Loop::Current() != nullptr) {
      const auto left = context.deadline() - steady_clock::now();
      timer = async::Loop::Current()->After(left, [done] {
        done.Set(DeadlineExceeded("The deadline passed while the model was being loaded."));
      });
    }
    const absl::Status status = co_await loaded;
    CO_RETURN_IF_ERROR(status);
    // It may have been evicted again already; then it is asked for again.
  }
}

bool ModelRepository::CanServe(std::string_view name, std::string_view version) const {
  std::lock_guard lock(table_.mutex);
  const auto chosen = table_.Choose(name, version);
  return chosen.ok() && table_.CanServe(**chosen);
}

void ModelRepository::SetAlias(const std::string& name, const std::string& alias,
                               const std::string& version) {
  std::lock_guard lock(table_.mutex);
  if (const auto model = table_.models.find(name); model != table_.models.end())
    model->second.moved.erase(alias);
  if (!version.empty()) {
    table_.ruled[name][alias] = version;
  } else if (const auto aliases = table_.ruled.find(name); aliases != table_.ruled.end()) {
    aliases->second.erase(alias);
  }
}

std::string ModelRepository::OwnAlias(std::string_view name, const std::string& alias) const {
  std::lock_guard lock(table_.mutex);
  const auto model = table_.models.find(name);
  if (model == table_.models.end()) return "";
  const auto target = model->second.aliases.find(alias);
  return target == model->second.aliases.end() ? "" : target->second;
}

absl::StatusOr<ModelInfo> ModelRepository::Get(std::string_view name, std::string_view version) const {
  std::lock_guard lock(table_.mutex);
  ASSIGN_OR_RETURN(const auto chosen, table_.Choose(name, version));
  return table_.Info(table_.models.find(chosen->package.name)->second, *chosen);
}

std::vector<ModelInfo> ModelRepository::Index() const {
  std::vector<ModelInfo> index;
  std::lock_guard lock(table_.mutex);
  for (const auto& [name, model] : table_.models) {
    for (const auto& version : model.versions) index.push_back(table_.Info(model, *version));
  }
  return index;
}

std::string ModelRepository::WhyNotReady() const {
  std::lock_guard lock(table_.mutex);
  return table_.WhyNotReady(loaded_all_);
}

absl::StatusOr<std::vector<ModelStatistics>> ModelRepository::Statistics(std::string_view name,
                                                                         std::string_view version) const {
  std::vector<ModelStatistics> all;
  const auto add = [&all](const ModelVersion& one) {
    all.push_back(one.observed->statistics.Get());
    all.back().name = one.package.name;
    all.back().version = one.package.version;
    if (one.served != nullptr) all.back().memory_bytes = one.memory_bytes;
  };
  std::lock_guard lock(table_.mutex);
  if (!version.empty()) {
    ASSIGN_OR_RETURN(const auto chosen, table_.Choose(name, version));
    add(*chosen);
    return all;
  }
  for (const auto& [model, entry] : table_.models) {
    if (!name.empty() && model != name) continue;
    for (const auto& one : entry.versions) add(*one);
  }
  if (all.empty() && !name.empty()) return NotFound("There is no model '", name, "'.");
  return all;
}

bool ModelRepository::InRepositories(const std::string& name, std::string* folder) const {
  // A name is one part of a path, never a way to another folder.
  if (name.empty() || name.find('/') != std::string::npos || name.starts_with('.')) return false;
  for (const std::string& path : options_.repositories) {
    std::error_code error;
    *folder = fs::path(path) / name;
    if (fs::is_directory(*folder, error)) return true;
  }
  return false;
}

absl::Status ModelRepository::CheckExplicit(const std::string& name) const {
  {
    std::lock_guard lock(table_.mutex);
    const auto model = table_.models.find(name);
    if (model != table_.models.end() && model->second.is_followed)
      return FailedPrecondition("Model '", name, "' follows the registry: move or delete its alias there.");
  }
  if (options_.mode == RepositoryMode::kExplicit) return absl::OkStatus();
  return FailedPrecondition("Model '", name,
                            "' cannot be loaded or unloaded by a call: models.mode is not explicit.");
}

absl::Status ModelRepository::LoadNow(const std::string& name) {
  std::vector<std::shared_ptr<ModelVersion>> versions;
  std::string folder;
  if (InRepositories(name, &folder)) {
    const FoundModel found = ScanModel(folder);
    RETURN_IF_ERROR(found.status);
    versions = life_.Discover(found, true);
  }
  {
    std::lock_guard lock(table_.mutex);
    const auto model = table_.models.find(name);
    if (model == table_.models.end()) return NotFound("There is no model '", name, "'.");
    for (const auto& version : model->second.versions) {
      if (!version->from_repository && version->served == nullptr) versions.push_back(version);
      if (version->from_repository && version->state == ModelState::kFailed && versions.empty())
        return FailedPrecondition(version->reason);
    }
  }
  absl::Status status;
  for (const auto& version : versions) {
    const absl::Status loaded = life_.Load(version, ModelLife::Room::kEvict);
    if (status.ok()) status = loaded;
  }
  life_.UnloadRemoved(name);
  life_.RetryGraphs();
  return status;
}

absl::Status ModelRepository::UnloadNow(const std::string& name) {
  std::vector<std::shared_ptr<ModelVersion>> versions;
  {
    std::lock_guard lock(table_.mutex);
    const auto model = table_.models.find(name);
    if (model == table_.models.end()) return NotFound("There is no model '", name, "'.");
    versions = model->second.versions;
  }
  for (const auto& version : versions) life_.Unload(version, false);
  return absl::OkStatus();
}

async::Task<absl::Status> ModelRepository::Load(RequestContext, std::string name) {
  CO_RETURN_IF_ERROR(CheckExplicit(name));
  auto work = [this, name = std::move(name)] { return LoadNow(name); };
  auto done = co_await thread_.Run(std::move(work));
  co_return done.ok() ? *done : done.status();
}

async::Task<absl::Status> ModelRepository::Unload(RequestContext, std::string name) {
  CO_RETURN_IF_ERROR(CheckExplicit(name));
  auto work = [this, name = std::move(name)] { return UnloadNow(name); };
  auto done = co_await thread_.Run(std::move(work));
  co_return done.ok() ? *done : done.status();
}

}  // namespace starling::models

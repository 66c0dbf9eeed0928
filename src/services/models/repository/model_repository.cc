#include "services/models/repository/model_repository.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "base/status.h"
#include "core/async/loop.h"
#include "services/models/repository/repository_scan.h"

namespace starling::models {

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
      lanes_(options_.parallel_loads),
      retries_([this](std::shared_ptr<ModelVersion> version) {
        const std::string name = version->package.name;
        lanes_.Post(name, [this, version = std::move(version)] { life_.Retry(version); });
      }),
      states_(metrics.AddCallback({.name = "starling.models.versions",
                                   .unit = "",
                                   .help = "Versions of models by their state.",
                                   .labels = {"state"}},
                                  observe::MetricType::kGauge,
                                  [this](const observe::Report& report) { ReportStates(report); })),
      memory_(ReportMemory(metrics, table_)),
      loads_(
          metrics.AddCallback({.name = "starling.models.loads",
                               .unit = "",
                               .help = "Models that are being loaded or changed, and those that wait for it.",
                               .labels = {"state"}},
                              observe::MetricType::kGauge,
                              [this](const observe::Report& report) {
                                report({"running"}, static_cast<double>(lanes_.running()));
                                report({"waiting"}, static_cast<double>(lanes_.waiting()));
                              })),
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
    lanes_.Post(chosen->package.name,
                [this, chosen] { static_cast<void>(life_.Load(chosen, ModelLife::Room::kEvict)); });
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

}  // namespace starling::models

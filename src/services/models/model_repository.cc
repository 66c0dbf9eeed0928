#include "services/models/model_repository.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

#include "base/status.h"
#include "core/inference/metrics.h"
#include "core/inference/model_package.h"
#include "services/models/version_order.h"

namespace starling::models {
namespace {

using inference::ModelPackage;

// How long a caller should wait for a model that is being loaded: most are there within seconds.
constexpr std::chrono::seconds kLoadingRetry{1};
constexpr size_t kUnbounded = std::numeric_limits<size_t>::max();

}  // namespace

// Guarded by the table's lock, but for what is const.
struct ModelRepository::Version {
  explicit Version(ModelPackage read) : package(std::move(read)) {}

  const ModelPackage package;
  const std::shared_ptr<StatisticsRecorder> statistics = std::make_shared<StatisticsRecorder>();
  ModelState state = ModelState::kLoading;
  std::string reason;
  ModelLease served;                         // when ready
  observe::CallbackRegistration queue_size;  // from the first time that it is ready

  ModelInfo Info() const {
    ModelInfo info;
    info.name = package.name;
    info.version = package.version;
    info.task = package.task;
    info.runtime = package.runtime;
    info.labels = package.post_processing.labels;
    info.state = state;
    info.reason = reason;
    info.inputs = package.inputs;
    info.outputs = package.outputs;
    info.max_batch_size = package.batching.max_size;
    return info;
  }
};

struct ModelRepository::Table {
  mutable std::mutex mutex;
  // Versions in ascending order.
  std::map<std::string, std::vector<std::shared_ptr<Version>>, std::less<>> models;
  std::atomic<bool> stopping{false};
};

ModelRepository::ModelRepository(RepositoryOptions options, const inference::RuntimeRegistry& runtimes,
                                 observe::Registry& metrics, TokenizerFactory tokenizers)
    : options_(std::move(options)),
      runtimes_(runtimes),
      metrics_(metrics),
      tokenizers_(std::move(tokenizers)),
      table_(std::make_unique<Table>()),
      ends_("model-ends", 1, kUnbounded),
      life_("model-life", 1, kUnbounded) {}

ModelRepository::~ModelRepository() {
  std::lock_guard lock(table_->mutex);
  table_->stopping = true;
  for (const auto& [name, versions] : table_->models) {
    for (const auto& version : versions) version->served = nullptr;
  }
}

absl::StatusOr<std::unique_ptr<ModelRepository>> ModelRepository::Open(
    RepositoryOptions options, const inference::RuntimeRegistry& runtimes, observe::Registry& metrics,
    TokenizerFactory tokenizers) {
  std::unique_ptr<ModelRepository> repository(
      new ModelRepository(std::move(options), runtimes, metrics, std::move(tokenizers)));
  for (const std::string& folder : repository->options_.packages) RETURN_IF_ERROR(repository->Add(folder));
  return repository;
}

absl::Status ModelRepository::Add(const std::string& folder) {
  ASSIGN_OR_RETURN(ModelPackage package, inference::ReadModelPackage(folder));
  auto& versions = table_->models[package.name];
  for (const auto& other : versions) {
    if (other->package.version == package.version) {
      return InvalidArgument("Version ", package.version, " of model '", package.name,
                             "' is there twice: ", other->package.file, " and ", package.file, ".");
    }
  }
  versions.push_back(std::make_shared<Version>(std::move(package)));
  std::sort(versions.begin(), versions.end(),
            [](const auto& a, const auto& b) { return VersionLess(a->package.version, b->package.version); });
  return absl::OkStatus();
}

void ModelRepository::Start() {
  std::lock_guard lock(table_->mutex);
  for (const auto& [name, versions] : table_->models) {
    for (const auto& version : versions)
      static_cast<void>(life_.TryRun([this, version = version] { LoadVersion(version); }));
  }
}

ModelLease ModelRepository::MakeLease(std::unique_ptr<ServedModel> model) {
  return {model.release(), [this](const ServedModel* ended) {
            const bool queued = ends_.TryRun([ended] {
              delete ended;
              malloc_trim(0);  // what a model leaves behind is large: the system may have it
            });
            static_cast<void>(queued);  // the queue has no bound
          }};
}

void ModelRepository::LoadVersion(const std::shared_ptr<Version>& version) {
  if (table_->stopping) return;
  const auto set = [this, &version](ModelState state, std::string reason = {}) {
    std::lock_guard lock(table_->mutex);
    version->state = state;
    version->reason = std::move(reason);
  };
  set(ModelState::kLoading);
  auto loaded = ServedModel::Load(version->package, {runtimes_, metrics_, tokenizers_}, version->statistics,
                                  [&set] { set(ModelState::kWarmingUp); });
  if (!loaded.ok()) return set(ModelState::kFailed, std::string(Message(loaded.status())));
  const ModelLease served = MakeLease(*std::move(loaded));
  const auto queued = [weak = std::weak_ptr(served)]() -> size_t {
    const auto alive = weak.lock();
    return alive == nullptr ? 0 : alive->queued();
  };
  auto registration =
      inference::ReportQueueSize(metrics_, version->package.name, version->package.version, queued);
  std::lock_guard lock(table_->mutex);
  if (table_->stopping) return;
  version->served = served;
  version->queue_size = std::move(registration);
  version->state = ModelState::kReady;
}

absl::StatusOr<std::shared_ptr<ModelRepository::Version>> ModelRepository::Choose(
    std::string_view name, std::string_view version) const {
  const auto model = table_->models.find(name);
  if (model == table_->models.end() || model->second.empty())
    return NotFound("There is no model '", name, "'.");
  const auto& versions = model->second;
  const auto wanted = [version](const auto& candidate) {
    return version.empty() ? candidate->served != nullptr : candidate->package.version == version;
  };
  const auto found = std::find_if(versions.rbegin(), versions.rend(), wanted);
  if (found != versions.rend()) return *found;
  if (version.empty()) return versions.back();
  return NotFound("Model '", name, "' has no version '", version, "'.");
}

absl::StatusOr<ModelLease> ModelRepository::Find(std::string_view name, std::string_view version) const {
  std::lock_guard lock(table_->mutex);
  ASSIGN_OR_RETURN(const auto chosen, Choose(name, version));
  if (chosen->served != nullptr) return chosen->served;
  switch (chosen->state) {
    case ModelState::kFailed:
      return Internal("Model '", name, "' failed to load.");
    case ModelState::kUnloaded:
    case ModelState::kUnloading:
      return NotFound("Model '", name, "' is not loaded.");
    default:
      return WithRetryAfter(Unavailable("Model '", name, "' is still loading."), kLoadingRetry);
  }
}

async::Task<absl::StatusOr<ModelLease>> ModelRepository::Acquire(RequestContext context,
                                                                 std::string_view name,
                                                                 std::string_view version) {
  CO_RETURN_IF_ERROR(context.Check());
  co_return Find(name, version);
}

absl::StatusOr<ModelInfo> ModelRepository::Get(std::string_view name, std::string_view version) const {
  std::lock_guard lock(table_->mutex);
  ASSIGN_OR_RETURN(const auto chosen, Choose(name, version));
  return chosen->Info();
}

std::vector<ModelInfo> ModelRepository::Index() const {
  std::vector<ModelInfo> index;
  std::lock_guard lock(table_->mutex);
  for (const auto& [name, versions] : table_->models) {
    for (const auto& version : versions) index.push_back(version->Info());
  }
  return index;
}

std::string ModelRepository::WhyNotReady() const {
  std::string why;
  for (const ModelInfo& model : Index()) {
    if (model.state == ModelState::kReady) continue;
    StrAppend(
        &why, why.empty() ? "" : " ", "Model '", model.name, "' version ", model.version,
        model.state == ModelState::kFailed ? " failed to load: " : StrCat(" is ", Name(model.state), "."),
        model.reason);
  }
  return why;
}

absl::StatusOr<std::vector<ModelStatistics>> ModelRepository::Statistics(std::string_view name,
                                                                         std::string_view version) const {
  std::vector<ModelStatistics> all;
  std::lock_guard lock(table_->mutex);
  if (!version.empty()) RETURN_IF_ERROR(Choose(name, version).status());
  for (const auto& [model, versions] : table_->models) {
    if (!name.empty() && model != name) continue;
    for (const auto& entry : versions) {
      if (!version.empty() && entry->package.version != version) continue;
      all.push_back(entry->statistics->Get());
      all.back().name = model;
      all.back().version = entry->package.version;
    }
  }
  if (all.empty() && !name.empty()) return NotFound("There is no model '", name, "'.");
  return all;
}

async::Task<absl::Status> ModelRepository::Load(RequestContext, std::string name) {
  const auto known = Get(name, "");
  CO_RETURN_IF_ERROR(known.status());
  co_return FailedPrecondition("Models are loaded at start and by their folders: the mode is not explicit.");
}

async::Task<absl::Status> ModelRepository::Unload(RequestContext, std::string name) {
  const auto known = Get(name, "");
  CO_RETURN_IF_ERROR(known.status());
  co_return FailedPrecondition("Models stay loaded: the mode is not explicit.");
}

}  // namespace starling::models

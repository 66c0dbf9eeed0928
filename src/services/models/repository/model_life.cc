#include "services/models/repository/model_life.h"

#include <malloc.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

#include "base/status.h"
#include "core/inference/metrics.h"
#include "core/observe/log.h"
#include "services/models/repository/model_memory.h"

namespace starling::models {
namespace {

using inference::ModelPackage;
using std::chrono::steady_clock;

// How long a load waits for the memory of what it evicted, which requests may still hold.
constexpr std::chrono::seconds kMemoryWait{10};

}  // namespace

ModelLife::ModelLife(ModelTable& table, ServedModel::Needs needs, MemoryRules memory, LoadLater load_later)
    : table_(table),
      needs_(needs),
      memory_(std::move(memory)),
      load_later_(std::move(load_later)),
      evictions_(needs.metrics.Counters({.name = "starling.models.evictions",
                                         .unit = "{eviction}",
                                         .help = "Models that left memory for others, by the memory budget.",
                                         .labels = {"model"}})),
      ends_("model-ends", 1, std::numeric_limits<size_t>::max()) {}

ModelLease ModelLife::MakeLease(std::shared_ptr<ModelVersion> version, std::unique_ptr<ServedModel> model) {
  // The version is moved out: what is left of the lease lives as long as the version's own weak reference to it.
  const size_t bytes = version->memory_bytes;
  return {model.release(), [this, version = std::move(version), bytes](const ServedModel* ended) mutable {
            const bool queued = ends_.TryRun([this, version = std::move(version), bytes, ended] {
              std::unique_lock measuring(measuring_, std::defer_lock);
              if (IsInHeap(version->package)) measuring.lock();
              delete ended;
              if (measuring.owns_lock()) measuring.unlock();
              malloc_trim(0);  // what a model leaves behind is large: the system may have it
              Ended(version, bytes);
            });
            static_cast<void>(queued);  // the queue has no bound
          }};
}

void ModelLife::Ended(const std::shared_ptr<ModelVersion>& version, size_t bytes) {
  std::lock_guard lock(table_.mutex);
  table_.memory_bytes -= bytes;
  table_.memory_returned.notify_all();
  if (version->state != ModelState::kUnloading) return;
  version->state = ModelState::kUnloaded;
  if (version->is_removed) table_.Erase(*version);
}

std::shared_ptr<ModelVersion> ModelLife::LongestUnused(const ModelVersion& but) {
  std::shared_ptr<ModelVersion> victim;
  for (const auto& [name, model] : table_.models) {
    for (const auto& version : model.versions) {
      if (version->served == nullptr || version.get() == &but) continue;
      if (victim == nullptr || version->last_used < victim->last_used) victim = version;
    }
  }
  return victim;
}

absl::Status ModelLife::MakeRoom(ModelVersion& version, Room room) {
  const size_t bytes = ExpectedBytes(version.package, version.taken_bytes);
  RETURN_IF_ERROR(CheckMemoryLimit(version.package, bytes, "needs"));
  if (memory_.budget_bytes > 0 && bytes > memory_.budget_bytes) {
    return FailedPrecondition("Model '", version.package.name, "' needs ", bytes,
                              " bytes, more than models.memory_budget allows for all.");
  }
  const std::lock_guard turn(room_mutex_);
  std::unique_lock lock(table_.mutex);
  const auto fits = [&] {
    return memory_.budget_bytes == 0 || table_.memory_bytes + bytes <= memory_.budget_bytes;
  };
  // What is on its way out counts until it is gone; evicting more for it would be too much.
  size_t leaving = 0;
  while (!fits() && room == Room::kEvict) {
    if (table_.memory_bytes + bytes - leaving <= memory_.budget_bytes) break;
    const auto victim = LongestUnused(version);
    if (victim == nullptr) break;
    leaving += victim->memory_bytes;
    lock.unlock();
    Evict(victim);
    lock.lock();
  }
  const bool has_room =
      room == Room::kEvict ? table_.memory_returned.wait_for(lock, kMemoryWait, fits) : fits();
  if (!has_room) {
    return WithRetryAfter(ResourceExhausted("There is no memory for model '", version.package.name, "' now."),
                          std::chrono::seconds(1));
  }
  version.state = ModelState::kLoading;
  version.reason.clear();
  version.memory_bytes = bytes;
  table_.memory_bytes += bytes;
  return absl::OkStatus();
}

void ModelLife::GiveBack(const ModelVersion& version) {
  const std::lock_guard lock(table_.mutex);
  table_.memory_bytes -= version.memory_bytes;
  table_.memory_returned.notify_all();
}

void ModelLife::Evict(const std::shared_ptr<ModelVersion>& victim) {
  Unload(victim, true);
  evictions_.With({victim->package.name}).Add(1);
}

// A version may have turned out to take more than was expected.
void ModelLife::EvictPastBudget(const ModelVersion& but) {
  while (memory_.budget_bytes > 0) {
    std::shared_ptr<ModelVersion> victim;
    {
      std::lock_guard lock(table_.mutex);
      size_t staying = 0;
      for (const auto& [name, model] : table_.models) {
        for (const auto& version : model.versions)
          if (version->served != nullptr) staying += version->memory_bytes;
      }
      if (staying > memory_.budget_bytes) victim = LongestUnused(but);
    }
    if (victim == nullptr) return;
    Evict(victim);
  }
}

// Counts what the version was found to take, in place of what was expected.
absl::Status ModelLife::Charge(const std::shared_ptr<ModelVersion>& version, size_t taken) {
  // Who is refused is measured again the next time: others may have blurred the figure.
  RETURN_IF_ERROR(CheckMemoryLimit(version->package, taken, "took, when it was loaded,"));
  const size_t bytes = ExpectedBytes(version->package, taken);
  if (memory_.budget_bytes > 0 && bytes > memory_.budget_bytes) {
    return FailedPrecondition("Model '", version->package.name, "' took, when it was loaded, ", bytes,
                              " bytes, more than models.memory_budget allows for all.");
  }
  std::lock_guard lock(table_.mutex);
  version->taken_bytes = taken;
  table_.memory_bytes += bytes - version->memory_bytes;
  version->memory_bytes = bytes;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ServedModel>> ModelLife::LoadMeasured(
    const std::shared_ptr<ModelVersion>& version) {
  std::unique_lock measuring(measuring_, std::defer_lock);
  if (IsInHeap(version->package)) {
    // The first model of a runtime brings the runtime with it, which stays: that is not the model's.
    static_cast<void>(needs_.runtimes.Get(version->package.runtime));
    measuring.lock();
  }
  const size_t before = memory_.heap_bytes();
  const std::shared_ptr<StatisticsRecorder> statistics(version->observed, &version->observed->statistics);
  auto loaded = ServedModel::Load(version->package, needs_, statistics, [this, &version] {
    std::lock_guard lock(table_.mutex);
    version->state = ModelState::kWarmingUp;
  });
  RETURN_IF_ERROR(loaded.status());
  const size_t after = memory_.heap_bytes();
  const size_t taken = (*loaded)->BytesElsewhere().value_or(after > before ? after - before : 0);
  RETURN_IF_ERROR(Charge(version, taken));
  return loaded;
}

absl::Status ModelLife::Stopping(ModelVersion& version) {
  const absl::Status status = Unavailable("The program is stopping.");
  std::lock_guard lock(table_.mutex);
  Answer(version, status);
  return status;
}

absl::Status ModelLife::Load(const std::shared_ptr<ModelVersion>& version, Room room) {
  if (table_.stopping) return Stopping(*version);
  if (const absl::Status status = MakeRoom(*version, room); !status.ok()) {
    if (!absl::IsResourceExhausted(status)) return Fail(version, status);
    std::lock_guard lock(table_.mutex);
    version->state = ModelState::kUnloaded;
    version->on_demand = true;
    Answer(*version, status);
    return room == Room::kEvict ? status : absl::OkStatus();
  }
  auto loaded = LoadMeasured(version);
  if (!loaded.ok()) {
    GiveBack(*version);
    return absl::IsUnavailable(loaded.status()) ? Postpone(version, loaded.status())
                                                : Fail(version, loaded.status());
  }
  TakeOver(version, MakeLease(version, *std::move(loaded)));
  EvictPastBudget(*version);
  return absl::OkStatus();
}

void ModelLife::TakeOver(const std::shared_ptr<ModelVersion>& version, ModelLease lease) {
  Observe(*version, lease);
  ModelLease old;  // ends after the lock is free
  std::lock_guard lock(table_.mutex);
  if (table_.stopping) return Answer(*version, Unavailable("The program is stopping."));
  auto& versions = table_.models[version->package.name].versions;
  for (auto& one : versions) {
    if (one == version || one->package.version != version->package.version) continue;
    old = std::move(one->served);
    one->state = ModelState::kUnloading;
    one = version;
  }
  version->served = std::move(lease);
  version->state = ModelState::kReady;
  version->on_demand = false;
  version->last_used = steady_clock::now();
  Answer(*version, absl::OkStatus());
}

bool ModelLife::IsKnown(const std::shared_ptr<ModelVersion>& version) const {
  const auto model = table_.models.find(version->package.name);
  if (model == table_.models.end()) return false;
  const auto& versions = model->second.versions;
  return std::find(versions.begin(), versions.end(), version) != versions.end();
}

absl::Status ModelLife::Postpone(const std::shared_ptr<ModelVersion>& version, const absl::Status& why) {
  {
    std::lock_guard lock(table_.mutex);
    if (IsKnown(version) && !table_.stopping) {
      version->state = ModelState::kLoading;
      version->reason = StrCat(Message(why), " It is tried again.");
      version->on_demand = false;
      Answer(*version, why);
      load_later_(version);
      return why;
    }
  }
  // What should have replaced another is not waited for: that one goes on.
  return Fail(version, why);
}

void ModelLife::Retry(const std::shared_ptr<ModelVersion>& version) {
  {
    std::lock_guard lock(table_.mutex);
    if (version->state != ModelState::kLoading || version->served != nullptr) return;
  }
  static_cast<void>(Load(version, Room::kOrWait));
}

absl::Status ModelLife::Fail(const std::shared_ptr<ModelVersion>& version, const absl::Status& why) {
  std::lock_guard lock(table_.mutex);
  version->state = ModelState::kFailed;
  version->reason = Message(why);
  version->on_demand = false;
  Answer(*version, Internal("Model '", version->package.name, "' failed to load."));
  const auto model = table_.models.find(version->package.name);
  if (model == table_.models.end()) return why;
  // The files that it should have replaced go on answering; their version says why.
  for (const auto& one : model->second.versions) {
    if (one == version || one->package.version != version->package.version) continue;
    one->reason = StrCat("Its new files could not be loaded: ", Message(why));
    one->fingerprint = version->fingerprint;
  }
  return why;
}

void ModelLife::Answer(ModelVersion& version, const absl::Status& status) {
  for (const auto& waiting : version.waiting) waiting.Set(status);
  version.waiting.clear();
}

void ModelLife::Observe(ModelVersion& version, const ModelLease& lease) {
  ModelVersion::Observed& observed = *version.observed;
  {
    std::lock_guard lock(observed.mutex);
    observed.served = lease;
    if (std::exchange(observed.is_reported, true)) return;
  }
  observed.queue_size = inference::ReportQueueSize(needs_.metrics, version.package.name,
                                                   version.package.version, [state = &observed]() -> size_t {
                                                     std::lock_guard lock(state->mutex);
                                                     const auto alive = state->served.lock();
                                                     return alive == nullptr ? 0 : alive->queued();
                                                   });
}

void ModelLife::Unload(const std::shared_ptr<ModelVersion>& version, bool on_demand) {
  ModelLease old;  // ends after the lock is free
  std::lock_guard lock(table_.mutex);
  if (on_demand && version->served == nullptr) return;  // it left meanwhile
  old = std::move(version->served);
  version->served = nullptr;
  version->on_demand = on_demand;
  version->reason.clear();
  version->state = old != nullptr ? ModelState::kUnloading : ModelState::kUnloaded;
  if (old == nullptr && version->is_removed) table_.Erase(*version);
}

std::vector<std::shared_ptr<ModelVersion>> ModelLife::Discover(const FoundModel& found, bool again) {
  std::vector<std::shared_ptr<ModelVersion>> to_load;
  std::vector<std::shared_ptr<ModelVersion>> known;
  {
    std::lock_guard lock(table_.mutex);
    if (const auto model = table_.models.find(found.name); model != table_.models.end())
      known = model->second.versions;
    for (const auto& version : known) version->is_removed = version->from_repository;
  }
  for (const FoundVersion& one : found.versions) {
    auto package =
        one.status.ok() ? inference::ReadModelPackage(one.source) : absl::StatusOr<ModelPackage>(one.status);
    ModelPackage read;
    read.name = found.name;
    read.version = one.source.version;
    const absl::Status readable = package.status();
    if (readable.ok()) read = *std::move(package);
    const auto is_known = [&one](const auto& version) { return version->fingerprint == one.fingerprint; };
    if (std::none_of(known.begin(), known.end(), is_known)) {
      for (const std::string& warning : read.warnings)
        observe::LogWarning("model configuration", {{"model", found.name}, {"warning", warning}});
    }
    const auto version = std::make_shared<ModelVersion>(std::move(read));
    version->fingerprint = one.fingerprint;
    version->from_repository = true;
    version->state = readable.ok() ? ModelState::kUnloaded : ModelState::kFailed;
    version->reason = Message(readable);
    const auto old = std::find_if(known.begin(), known.end(), [&version](const auto& other) {
      return other->package.version == version->package.version;
    });
    std::lock_guard lock(table_.mutex);
    if (old == known.end()) {
      table_.Insert(version);
      if (readable.ok()) to_load.push_back(version);
      continue;
    }
    (*old)->is_removed = false;
    const bool is_same = (*old)->fingerprint == one.fingerprint;
    if (is_same) {
      if (again && (*old)->served == nullptr && readable.ok()) to_load.push_back(*old);
    } else if (!readable.ok()) {
      (*old)->fingerprint = one.fingerprint;
      (*old)->reason = version->reason;
      if ((*old)->served == nullptr) (*old)->state = ModelState::kFailed;
    } else if ((*old)->served != nullptr) {
      version->observed = (*old)->observed;
      to_load.push_back(version);  // takes its place in the table once it is ready
    } else {
      version->observed = (*old)->observed;
      table_.Erase(**old);
      table_.Insert(version);
      to_load.push_back(version);
    }
  }
  std::lock_guard lock(table_.mutex);
  const auto model = table_.models.find(found.name);
  if (model == table_.models.end()) return to_load;
  for (const auto& [alias, version] : found.aliases) {
    const auto before = model->second.aliases.find(alias);
    if (before != model->second.aliases.end() && before->second != version) model->second.moved.insert(alias);
  }
  model->second.aliases = found.aliases;
  model->second.problem = Message(found.status);
  return to_load;
}

void ModelLife::UnloadRemoved(const std::string& name) {
  std::vector<std::shared_ptr<ModelVersion>> removed;
  {
    std::lock_guard lock(table_.mutex);
    const auto model = table_.models.find(name);
    if (model == table_.models.end()) return;
    bool is_wanted = false;
    bool is_there = false;
    for (const auto& version : model->second.versions) {
      if (version->is_removed) continue;
      is_wanted = true;
      is_there = is_there || version->served != nullptr || version->on_demand;
    }
    if (is_wanted && !is_there) return;  // their successors failed: they go on
    for (const auto& version : model->second.versions) {
      if (version->is_removed && version->state != ModelState::kUnloading) removed.push_back(version);
    }
  }
  for (const auto& version : removed) Unload(version, false);
}

}  // namespace starling::models

// ModelLife: brings versions into memory and out of it again.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/async/pool.h"
#include "core/observe/registry.h"
#include "services/models/repository/model_table.h"
#include "services/models/repository/repository_scan.h"
#include "services/models/repository/served_model.h"

namespace starling::models {

// Everything here blocks. What is about one model is called by one thread at a time; about several models by several.
class ModelLife {
 public:
  struct MemoryRules {
    size_t budget_bytes = 0;             // of all models; 0: none
    std::function<size_t()> heap_bytes;  // HeapBytes, or a test's
  };
  // Called with a version whose load is to be tried again.
  using LoadLater = std::function<void(std::shared_ptr<ModelVersion>)>;

  // All of it outlives this.
  ModelLife(ModelTable& table, ServedModel::Needs needs, MemoryRules memory, LoadLater load_later);
  // Waits until what was unloaded is destroyed.
  ~ModelLife() = default;
  ModelLife(const ModelLife&) = delete;

  enum class Room { kEvict, kOrWait };

  // Loads and warms up; ready, or failed with the reason; what is UNAVAILABLE (its upstream is not there) goes on being
  // kLoading, with the reason, and to LoadLater. The old version of the same number, if `version` replaces one in
  // the table, answers until then. Past the memory budget: evicts what was used longest ago (kEvict), or leaves the version
  // to the first request for it (kOrWait).
  absl::Status Load(const std::shared_ptr<ModelVersion>& version, Room room);
  // Load() again, unless it was unloaded meanwhile.
  void Retry(const std::shared_ptr<ModelVersion>& version);
  // Takes no more requests; destroyed when the last lease has ended. `on_demand`: comes back when it is asked for.
  void Unload(const std::shared_ptr<ModelVersion>& version, bool on_demand);

  // Makes the table say what was found: new versions are added as kUnloaded, those that are gone are marked. Returns what
  // has to be loaded then: new, changed, or (if `again`) not ready.
  std::vector<std::shared_ptr<ModelVersion>> Discover(const FoundModel& found, bool again);
  // The graphs that did not fit the models that there were, and one of them tried again: others may be there now. Whether it fits.
  std::vector<std::shared_ptr<ModelVersion>> FailedGraphs() const;
  bool RetryGraph(const std::shared_ptr<ModelVersion>& graph);
  // Unloads what is marked as gone, unless it should have successors and none of them is ready.
  void UnloadRemoved(const std::string& name);

 private:
  ModelLease MakeLease(std::shared_ptr<ModelVersion> version, std::unique_ptr<ServedModel> model);
  absl::Status MakeRoom(ModelVersion& version, Room room);
  void GiveBack(const ModelVersion& version);
  bool IsKnown(const std::shared_ptr<ModelVersion>& version) const;
  std::shared_ptr<ModelVersion> LongestUnused(const ModelVersion& but);
  absl::Status Charge(const std::shared_ptr<ModelVersion>& version, size_t taken);
  absl::StatusOr<std::unique_ptr<ServedModel>> LoadMeasured(const std::shared_ptr<ModelVersion>& version);
  void EvictPastBudget(const ModelVersion& but);
  void Evict(const std::shared_ptr<ModelVersion>& victim);
  void Ended(const std::shared_ptr<ModelVersion>& version, size_t bytes);
  void TakeOver(const std::shared_ptr<ModelVersion>& version, ModelLease lease);
  absl::Status Fail(const std::shared_ptr<ModelVersion>& version, const absl::Status& why);
  absl::Status Postpone(const std::shared_ptr<ModelVersion>& version, const absl::Status& why);
  absl::Status Stopping(ModelVersion& version);
  void Observe(ModelVersion& version, const ModelLease& lease);
  static void Answer(ModelVersion& version, const absl::Status& status);

  ModelTable& table_;
  const ServedModel::Needs needs_;
  const MemoryRules memory_;
  std::mutex measuring_;  // no model of this process comes or goes while another is measured
  const LoadLater load_later_;
  observe::CounterFamily& evictions_;
  std::mutex
      room_mutex_;  // room is made for one version after the other, so that none takes what another has evicted for itself
  async::Pool ends_;  // last: it destroys models
};

}  // namespace starling::models

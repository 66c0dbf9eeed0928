// ModelTable: the models that the repository knows, and what state each version is in.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/async/completion.h"
#include "core/context/request_context.h"
#include "core/inference/package/model_package.h"
#include "core/observe/registry.h"
#include "services/models/repository/model_info.h"
#include "services/models/repository/served_model.h"

namespace starling::models {

using ModelLease = std::shared_ptr<const ServedModel>;

// One version. All but what is const is guarded by the table's lock.
struct ModelVersion {
  explicit ModelVersion(inference::ModelPackage read) : package(std::move(read)) {}

  const inference::ModelPackage package;
  uint64_t fingerprint = 0;      // of its files, as they were loaded last
  bool from_repository = false;  // else from `packages`, whose folders are not looked at again
  // Counts and the size of the queue; a version that is loaded again with other files goes on with those.
  struct Observed {
    StatisticsRecorder statistics;
    std::mutex mutex;
    std::weak_ptr<const ServedModel> served;
    bool is_reported = false;                  // queue_size is registered
    observe::CallbackRegistration queue_size;  // last: it reads the others
  };
  std::shared_ptr<Observed> observed = std::make_shared<Observed>();

  ModelState state = ModelState::kLoading;
  std::string reason;
  ModelLease served;        // when ready
  bool on_demand = false;   // kUnloaded: loaded by the first request for it
  bool is_removed = false;  // no longer in the repository: leaves the table when it is out of memory
  size_t memory_bytes = 0;  // what it counts in the budget, while any of it is in memory
  size_t taken_bytes = 0;   // what it was found to take when it was loaded last
  MonotonicTime last_used = MonotonicTime::min();
  std::chrono::milliseconds retry_delay{0};             // of LoadRetries: guarded by its lock
  std::vector<async::Completer<absl::Status>> waiting;  // for it to be loaded on demand

  ModelInfo Info() const;
};

struct ModelTable {
  struct Model {
    std::vector<std::shared_ptr<ModelVersion>> versions;  // ascending
    std::map<std::string, std::string> aliases;
    std::set<std::string, std::less<>>
        moved;                 // aliases that mean another version than when their traffic rule was set
    bool is_followed = false;  // comes from the registry
    std::string problem;       // what could not be read of its folder, for operators
  };

  mutable std::mutex mutex;
  std::map<std::string, Model, std::less<>> models;
  // What traffic rules say that an alias means, by model and alias: before Model::aliases.
  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> ruled;
  size_t memory_bytes = 0;  // of all versions
  std::condition_variable memory_returned;
  std::atomic<bool> stopping{false};

  // These expect the lock to be held.
  // The version that a name and a version or alias mean; an empty version: the latest that is ready, or the latest. The name may
  // say the version too, as `name@version` or `name@alias`; `version` goes
  // before that. NOT_FOUND.
  absl::StatusOr<std::shared_ptr<ModelVersion>> Choose(std::string_view name, std::string_view version) const;
  // The same as a lease, or why there is none now: see ModelRepository::Find.
  static absl::StatusOr<ModelLease> Lease(const ModelVersion& version);
  // Of a graph: the first step whose model can't answer now, in a sentence for callers, and that model's state; empty if all can.
  std::string WaitsFor(const ModelVersion& graph, ModelState* state, size_t depth = 0) const;
  // Whether a step whose model is not there now is answered by that model's fallback.
  bool FallbackAnswers(const ModelVersion& model, size_t depth) const;
  // Whether a request for the version would get it now, or after it was brought back.
  bool CanServe(const ModelVersion& version) const;
  // See ModelRepository::WhyNotReady. Before the program has `started`, every version that is on its way counts: an alias may mean it.
  // Later what comes beside others does not, nor what somebody registers and whether it works: that must not take the whole program out.
  std::string WhyNotReady(bool started) const;
  void Insert(std::shared_ptr<ModelVersion> version);
  void Erase(const ModelVersion& version);
  ModelInfo Info(const Model& model, const ModelVersion& version) const;
  // Null if a rule says nothing of the alias.
  const std::string* Ruled(std::string_view name, std::string_view alias) const;
};

}  // namespace starling::models

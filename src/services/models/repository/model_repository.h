// ModelRepository: the models of this program, their versions and their life.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "core/async/task.h"
#include "core/context/request_context.h"
#include "core/inference/runtime.h"
#include "core/observe/registry.h"
#include "core/observe/tracer.h"
#include "services/models/config.h"
#include "services/models/fallbacks.h"
#include "services/models/repository/load_retries.h"
#include "services/models/repository/model_info.h"
#include "services/models/repository/model_lanes.h"
#include "services/models/repository/model_life.h"
#include "services/models/repository/model_memory.h"
#include "services/models/repository/model_table.h"
#include "services/models/repository/repository_scan.h"
#include "services/models/repository/repository_steps.h"
#include "services/models/repository/served_model.h"

namespace starling::models {

struct RepositoryOptions {
  std::vector<std::string> packages;      // folders with a model.yaml each
  std::vector<std::string> repositories;  // folders of models with versions: repository_scan.h
  RepositoryMode mode = RepositoryMode::kNone;
  std::string followed;  // a folder like those of `repositories`, which FollowFolder() is about; empty: none
  std::vector<std::string> load;  // kExplicit: models of the repositories that are loaded at start
  std::chrono::nanoseconds poll_interval = std::chrono::seconds(5);
  size_t parallel_loads = 4;       // models that are loaded at the same time
  size_t memory_budget_bytes = 0;  // 0: none
  std::function<size_t()> heap_bytes = HeapBytes;
  size_t response_cache_bytes = 0;  // 0: no answer is kept
  inference::ModelPermissions permissions;
  const observe::Tracer* tracer = nullptr;  // null: no spans
};

// Everything is loaded on threads of the repository, several models at a time, the versions of one after each other; what is unloaded is
// destroyed on another, so no caller waits for either unless it says so. Thread-safe.
class ModelRepository {
 public:
  // Reads what the folders say. INVALID_ARGUMENT or NOT_FOUND with file and line for the first of `packages` that is wrong,
  // and for two of one name and version, and for a repository that is no folder: those are mistakes in the configuration.
  // What is wrong within a repository fails that model alone. The runtimes and the registry outlive the repository.
  static absl::StatusOr<std::unique_ptr<ModelRepository>> Open(RepositoryOptions options,
                                                               const inference::RuntimeRegistry& runtimes,
                                                               observe::Registry& metrics,
                                                               TokenizerFactory tokenizers);
  // Waits for the models that are being loaded; skips those that are not yet. All leases have ended before.
  ~ModelRepository();
  ModelRepository(const ModelRepository&) = delete;

  // Loads and warms up in the background. Once.
  void Start();

  // The model that answers for a name and a version now. An empty version means the latest that is ready; else it is a
  // version or an alias. Never waits. NOT_FOUND if there is none or it is not loaded, UNAVAILABLE with RetryAfter while it
  // is loading, INTERNAL if it failed to load. The messages are for callers.
  absl::StatusOr<ModelLease> Find(std::string_view name, std::string_view version) const;

  // The same for those who are about to run it: counts as a use, and waits for a model that was evicted until it is back,
  // at most until the context's deadline. RESOURCE_EXHAUSTED if the memory budget has no room for it now. The views live
  // until the task is done. `otherwise` is asked for if there is no `version`: it may have left since it was chosen.
  async::Task<absl::StatusOr<ModelLease>> Acquire(RequestContext context, std::string_view name,
                                                  std::string_view version,
                                                  std::optional<std::string_view> otherwise = std::nullopt);

  // Whether a request for the version would get it now, or after it was brought back.
  bool CanServe(std::string_view name, std::string_view version) const;
  // What a traffic rule says that an alias means, before what the repository says; an empty version: none says anything any more.
  void SetAlias(const std::string& name, const std::string& alias, const std::string& version);
  // What the repository itself says; empty if nothing.
  std::string OwnAlias(std::string_view name, const std::string& alias) const;

  // Of the models that follow the registry, what the repository itself says.
  struct FollowedAlias {
    std::string model;
    std::string alias;
    std::string version;
  };
  std::vector<FollowedAlias> FollowedAliases() const;

  Fallbacks& fallbacks() { return fallbacks_; }
  // How the steps of graphs find their models.
  RepositorySteps& steps() { return steps_; }

  // Of any version that is known, loaded or not; an empty version as in Find, or the latest if none is ready. NOT_FOUND.
  absl::StatusOr<ModelInfo> Get(std::string_view name, std::string_view version) const;
  // Every version that is known, by name, then by version.
  std::vector<ModelInfo> Index() const;
  // Why not every model that should be ready has a version that is, in one sentence each; empty if they have. At start every version
  // that is to be loaded counts.
  std::string WhyNotReady() const;

  // Of one version, of all versions of a name (empty version), or of all (empty name). NOT_FOUND.
  absl::StatusOr<std::vector<ModelStatistics>> Statistics(std::string_view name,
                                                          std::string_view version) const;

  // Makes a model be what its folder in RepositoryOptions::followed says now, whatever the mode; without a folder it goes. Versions of
  // `broken` are there as failed, with the reason. Done when what was new is loaded or failed and what is gone takes no more
  // requests; returns the versions that answer. ALREADY_EXISTS if the model comes from elsewhere. Going away does not stop it.
  async::Task<absl::StatusOr<std::set<std::string>>> FollowFolder(std::string name,
                                                                  std::map<std::string, absl::Status> broken);

  // Looks at the model's folder again and brings the versions that it should have into memory, those that it should not
  // have any more out of it. Done when they are ready; a new version takes over from the old one between two requests.
  // FAILED_PRECONDITION unless the mode is explicit or if it follows the registry, NOT_FOUND if there is no such model, else why it failed (for
  // operators). Going away does not stop it.
  async::Task<absl::Status> Load(RequestContext context, std::string name);
  // All versions of a model. Done when no new request gets it; its memory returns when the last lease has ended.
  // FAILED_PRECONDITION unless the mode is explicit, NOT_FOUND.
  async::Task<absl::Status> Unload(RequestContext context, std::string name);

 private:
  ModelRepository(RepositoryOptions options, const inference::RuntimeRegistry& runtimes,
                  observe::Registry& metrics, TokenizerFactory tokenizers);

  absl::Status AddPackage(const std::string& folder);
  absl::Status AddRepository(const std::string& path);
  absl::Status AddFollowed();
  // model_loading.cc
  void LoadAll();
  void LoadEach(const std::vector<std::shared_ptr<ModelVersion>>& versions,
                const std::function<void()>& done);
  void LoadInOrder(std::vector<std::shared_ptr<ModelVersion>> versions, size_t at,
                   std::function<void()> done);
  void Poll();
  // Tries the graphs again that did not fit the models that there were; `done` is called when they were tried. Blocks nobody.
  void RetryGraphs(size_t rounds, std::function<void()> done);
  async::Task<void> RetryGraphs();
  // In the model's lane.
  void Change(const FoundModel& found);
  absl::Status LoadNow(const std::string& name);
  absl::Status UnloadNow(const std::string& name);
  absl::StatusOr<std::set<std::string>> FollowNow(const std::string& name,
                                                  const std::map<std::string, absl::Status>& broken);
  absl::Status CheckExplicit(const std::string& name) const;
  absl::Status CheckFollowed(const std::string& name) const;
  bool InRepositories(const std::string& name, std::string* folder) const;
  void ReportStates(const observe::Report& report) const;
  void PollUntilStopped(const std::stop_token& stop);
  // The version, when it is there or somebody brings it; `done` is told how that ended.
  absl::StatusOr<ModelLease> LeaseOrAskFor(std::string_view name, std::string_view version,
                                           const async::Completer<absl::Status>& done,
                                           std::shared_ptr<ModelVersion>* awaited);

  const RepositoryOptions options_;
  const TokenizerFactory tokenizers_;
  ResponseCache cache_;
  ModelTable table_;
  Fallbacks fallbacks_;
  CancelSource stopping_;
  RepositorySteps steps_;
  // Models are destroyed by the first, and made, moved and given up in the lanes of the second alone: they use what stands above.
  ModelLife life_;
  std::atomic<bool> loaded_all_{false};  // what was there at start is loaded or failed
  std::atomic<bool> is_starting_{false};
  ModelLanes lanes_;
  LoadRetries retries_;
  std::jthread polling_;
  observe::CallbackRegistration states_;
  observe::CallbackRegistration memory_;
  observe::CallbackRegistration loads_;
  observe::CallbackRegistration cache_requests_;
  observe::CallbackRegistration cache_size_;
};

}  // namespace starling::models

// The part of ModelRepository that loads and unloads: at start, by call, and when folders change.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <utility>

#include "base/status.h"
#include "core/async/completion.h"
#include "core/inference/graph/graph_definition.h"
#include "services/models/repository/model_repository.h"
#include "services/models/repository/repository_scan.h"

namespace starling::models {

namespace fs = std::filesystem;

namespace {

// Runs `last` when it was told so often.
std::function<void()> AfterTimes(size_t times, std::function<void()> last) {
  auto left = std::make_shared<std::atomic<size_t>>(times);
  return [left = std::move(left), last = std::move(last)] {
    if (--*left == 0) last();
  };
}

}  // namespace

void ModelRepository::Start() {
  is_starting_ = true;
  LoadAll();
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
  const auto done = AfterTimes(versions.size() + 1, [this, graphs = std::move(graphs)] {
    const auto all_done = AfterTimes(graphs.size() + 1, [this] {
      RetryGraphs(inference::GraphDefinition::kMaxDepth, [this] {
        loaded_all_ = true;
        is_starting_ = false;
      });
    });
    LoadEach(graphs, all_done);
    all_done();
  });
  LoadEach(versions, done);
  done();
}

// With a memory budget those within this process, which are measured while they load, claim their room one after the other, when it is
// known what those before them take. The others wait for nobody.
void ModelRepository::LoadEach(const std::vector<std::shared_ptr<ModelVersion>>& versions,
                               const std::function<void()>& done) {
  std::vector<std::shared_ptr<ModelVersion>> in_heap;
  for (const auto& version : versions) {
    if (options_.memory_budget_bytes > 0 && IsInHeap(version->package)) {
      in_heap.push_back(version);
    } else {
      LoadInOrder({version}, 0, done);
    }
  }
  LoadInOrder(std::move(in_heap), 0, done);
}

void ModelRepository::LoadInOrder(std::vector<std::shared_ptr<ModelVersion>> versions, size_t at,
                                  std::function<void()> done) {
  if (at >= versions.size()) return;
  const std::string name = versions[at]->package.name;
  lanes_.Post(name, [this, versions = std::move(versions), at, done = std::move(done)] {
    static_cast<void>(life_.Load(versions[at], ModelLife::Room::kOrWait));
    LoadInOrder(versions, at + 1, done);
    done();
  });
}

std::vector<std::shared_ptr<ModelVersion>> ModelLife::FailedGraphs() const {
  std::vector<std::shared_ptr<ModelVersion>> failed;
  std::lock_guard lock(table_.mutex);
  for (const auto& [name, model] : table_.models) {
    for (const auto& version : model.versions) {
      if (version->package.graph != nullptr && version->state == ModelState::kFailed)
        failed.push_back(version);
    }
  }
  return failed;
}

bool ModelLife::RetryGraph(const std::shared_ptr<ModelVersion>& graph) {
  {
    std::lock_guard lock(table_.mutex);
    if (graph->state != ModelState::kFailed || !IsKnown(graph)) return false;
  }
  return Load(graph, Room::kEvict).ok();
}

// Each round may have loaded what the next one's are made of.
void ModelRepository::RetryGraphs(size_t rounds, std::function<void()> done) {
  const std::vector<std::shared_ptr<ModelVersion>> failed = life_.FailedGraphs();
  if (rounds == 0 || failed.empty()) return done();
  auto is_better = std::make_shared<std::atomic<bool>>(false);
  const auto tried = AfterTimes(failed.size(), [this, rounds, is_better, done = std::move(done)] {
    *is_better ? RetryGraphs(rounds - 1, done) : done();
  });
  for (const auto& graph : failed) {
    lanes_.Post(graph->package.name, [this, graph, is_better, tried] {
      if (life_.RetryGraph(graph)) *is_better = true;
      tried();
    });
  }
}

async::Task<void> ModelRepository::RetryGraphs() {
  async::Completion<bool> tried;
  RetryGraphs(inference::GraphDefinition::kMaxDepth,
              [completer = tried.completer()] { completer.Set(true); });
  static_cast<void>(co_await tried);
}

void ModelRepository::PollUntilStopped(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (true) {
    wake.wait_for(lock, stop, options_.poll_interval, [] { return false; });
    if (stop.stop_requested()) return;
    Poll();
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
  for (FoundModel& model : found) {
    const std::string name = model.name;
    // A model that is busy is looked at the next time.
    lanes_.PostIfIdle(name, [this, model = std::move(model)] { Change(model); });
  }
  RetryGraphs(inference::GraphDefinition::kMaxDepth, [] {});
}

void ModelRepository::Change(const FoundModel& found) {
  const auto to_load = life_.Discover(found, false);
  for (const auto& version : to_load) static_cast<void>(life_.Load(version, ModelLife::Room::kEvict));
  life_.UnloadRemoved(found.name);
  if (!to_load.empty()) RetryGraphs(inference::GraphDefinition::kMaxDepth, [] {});
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
  auto load = lanes_.Run(name, [this, name] { return LoadNow(name); });
  absl::Status status = co_await std::move(load);
  auto graphs = RetryGraphs();
  co_await std::move(graphs);
  co_return status;
}

async::Task<absl::Status> ModelRepository::Unload(RequestContext, std::string name) {
  CO_RETURN_IF_ERROR(CheckExplicit(name));
  auto unload = lanes_.Run(name, [this, name] { return UnloadNow(name); });
  co_return co_await std::move(unload);
}

}  // namespace starling::models

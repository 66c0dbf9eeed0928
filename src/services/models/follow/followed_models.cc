// The part of ModelRepository that is about models of the registry.
#include <chrono>
#include <filesystem>
#include <mutex>
#include <utility>

#include "absl/hash/hash.h"
#include "base/status.h"
#include "core/async/sleep.h"
#include "services/models/repository/model_repository.h"
#include "services/models/repository/repository_scan.h"

namespace starling::models {

namespace fs = std::filesystem;

namespace {

FoundModel ScanFollowed(const fs::path& folder) {
  std::error_code error;
  FoundModel found;
  if (fs::is_directory(folder, error)) found = ScanModel(folder);
  found.name = folder.filename();
  for (FoundVersion& version : found.versions) version.source.is_foreign = true;
  return found;
}

}  // namespace

absl::Status ModelRepository::AddFollowed() {
  ASSIGN_OR_RETURN(const std::vector<FoundModel> found, ScanRepository(options_.followed));
  for (const FoundModel& one : found) {
    const FoundModel model = ScanFollowed(fs::path(options_.followed) / one.name);
    if (!CheckFollowed(model.name).ok()) continue;  // the configuration was changed since: that goes first
    const auto versions = life_.Discover(model, false);
    std::lock_guard lock(table_.mutex);
    for (const auto& version : versions) version->state = ModelState::kLoading;
    const auto added = table_.models.find(model.name);
    if (added != table_.models.end()) added->second.is_followed = true;
  }
  return absl::OkStatus();
}

absl::Status ModelRepository::CheckFollowed(const std::string& name) const {
  std::lock_guard lock(table_.mutex);
  const auto model = table_.models.find(name);
  if (model == table_.models.end() || model->second.is_followed || model->second.versions.empty())
    return absl::OkStatus();
  return AlreadyExists(
      "Model '", name,
      "' of the registry is not served: models.packages or models.repository has one of that name.");
}

absl::StatusOr<std::set<std::string>> ModelRepository::FollowNow(
    const std::string& name, const std::map<std::string, absl::Status>& broken) {
  RETURN_IF_ERROR(CheckFollowed(name));
  FoundModel found = ScanFollowed(fs::path(options_.followed) / name);
  for (const auto& [version, why] : broken) {
    std::erase_if(found.versions,
                  [&version = version](const FoundVersion& one) { return one.source.version == version; });
    found.versions.push_back(
        {.source = {"", "", name, version}, .status = why, .fingerprint = absl::HashOf(Message(why))});
  }
  if (!found.versions.empty()) {
    std::lock_guard lock(table_.mutex);
    table_.models[name].is_followed = true;
  }
  const auto to_load = life_.Discover(found, false);
  {
    // Again: a model whose only version was replaced left the table for a moment.
    std::lock_guard lock(table_.mutex);
    if (const auto model = table_.models.find(name); model != table_.models.end())
      model->second.is_followed = true;
  }
  for (const auto& version : to_load) static_cast<void>(life_.Load(version, ModelLife::Room::kEvict));
  life_.UnloadRemoved(name);
  std::set<std::string> answering;
  std::lock_guard lock(table_.mutex);
  const auto model = table_.models.find(name);
  if (model == table_.models.end()) return answering;
  for (const auto& version : model->second.versions) {
    if (version->served != nullptr || version->on_demand) answering.insert(version->package.version);
  }
  return answering;
}

std::vector<ModelRepository::FollowedAlias> ModelRepository::FollowedAliases() const {
  std::vector<FollowedAlias> all;
  std::lock_guard lock(table_.mutex);
  for (const auto& [name, model] : table_.models) {
    if (!model.is_followed) continue;
    for (const auto& [alias, version] : model.aliases) all.push_back({name, alias, version});
  }
  return all;
}

async::Task<absl::StatusOr<std::set<std::string>>> ModelRepository::FollowFolder(
    std::string name, std::map<std::string, absl::Status> broken) {
  // With a budget a model's turn at start may come later: what it has is not known before.
  while (options_.memory_budget_bytes > 0 && is_starting_ && !table_.stopping) {
    auto pause = async::Sleep(std::chrono::milliseconds(20), stopping_.token());
    static_cast<void>(co_await std::move(pause));
  }
  auto follow =
      lanes_.Run(name, [this, name, broken = std::move(broken)] { return FollowNow(name, broken); });
  auto answering = co_await std::move(follow);
  auto graphs = RetryGraphs();
  co_await std::move(graphs);
  co_return answering;
}

}  // namespace starling::models

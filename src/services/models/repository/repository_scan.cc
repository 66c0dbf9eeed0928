#include "services/models/repository/repository_scan.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/hash/hash.h"
#include "base/status.h"
#include "core/inference/package/mlflow_model.h"
#include "core/inference/package/triton_config.h"
#include "core/inference/package/yaml_reader.h"
#include "services/models/repository/version_order.h"

namespace starling::models {
namespace {

namespace fs = std::filesystem;

struct VersionsFile {
  size_t latest = 1;
  bool all = false;
  std::vector<std::string> listed;
  std::map<std::string, std::string> aliases;
};

bool IsVersion(std::string_view name) {
  return !name.empty() && name.size() <= 18 && name[0] != '0' &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsHidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

uint64_t Combine(uint64_t fingerprint, const fs::path& file) {
  struct stat info{};
  if (stat(file.c_str(), &info) != 0) return fingerprint;
  return absl::HashOf(fingerprint, file.string(), info.st_ino, info.st_size, info.st_mtim.tv_sec,
                      info.st_mtim.tv_nsec);
}

uint64_t Fingerprint(const fs::path& folder, const fs::path& description) {
  std::vector<fs::path> files = {description};
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (IsHidden(entry->path())) {
      entry.disable_recursion_pending();
    } else {
      files.push_back(entry->path());
    }
  }
  std::sort(files.begin(), files.end());
  uint64_t fingerprint = 0;
  for (const fs::path& file : files) fingerprint = Combine(fingerprint, file);
  return fingerprint;
}

absl::StatusOr<VersionsFile> ReadVersions(const fs::path& folder) {
  VersionsFile versions;
  const fs::path file = folder / "versions.yaml";
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return versions;
  absl::Status status;
  inference::YamlReader reader = inference::YamlReader::Open(file, &status);
  reader.Get("latest", &versions.latest, 1);
  reader.Get("all", &versions.all);
  reader.Get("listed", &versions.listed);
  reader.Get("aliases", &versions.aliases);
  reader.Finish();
  RETURN_IF_ERROR(status);
  return versions;
}

// Whether a model.yaml is a package of its own, not what versions that are yet to come share.
bool SaysItsVersion(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return false;
  absl::Status status;
  std::string version;
  inference::YamlReader::Open(file, &status).Get("version", &version);
  return !status.ok() || !version.empty();
}

absl::StatusOr<VersionsFile> ReadTritonVersions(const fs::path& file, const std::string& name) {
  ASSIGN_OR_RETURN(const auto config, inference::ReadTritonConfig({file, file.parent_path(), name, ""}));
  VersionsFile versions;
  versions.latest = config.versions.latest;
  versions.all = config.versions.all;
  versions.listed = config.versions.specific;
  return versions;
}

// Drops what should not be loaded.
void Choose(const VersionsFile& versions, std::vector<FoundVersion>* found) {
  size_t position = 0;
  const size_t count = found->size();
  std::erase_if(*found, [&](const FoundVersion& version) {
    const bool latest = ++position + versions.latest > count;
    const std::string& name = version.source.version;
    const bool named = std::any_of(versions.aliases.begin(), versions.aliases.end(),
                                   [&name](const auto& alias) { return alias.second == name; });
    const bool listed =
        std::find(versions.listed.begin(), versions.listed.end(), name) != versions.listed.end();
    return !(named || listed || versions.all || (versions.listed.empty() && latest));
  });
}

std::vector<fs::path> Folders(const fs::path& path) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (!IsHidden(entry->path()) && entry->is_directory(ignored)) folders.push_back(entry->path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

}  // namespace

FoundModel ScanModel(const std::string& folder) {
  const fs::path path(folder);
  FoundModel model;
  model.name = path.filename();
  std::error_code error;
  fs::path shared = path / "model.yaml";
  const bool is_triton = !fs::exists(shared, error) && fs::exists(path / "config.pbtxt", error);
  if (is_triton) shared = path / "config.pbtxt";
  for (const fs::path& version : Folders(path)) {
    if (!IsVersion(version.filename().string())) continue;
    fs::path description = version / "model.yaml";
    if (!fs::exists(description, error) && !fs::exists(shared, error) &&
        fs::exists(version / inference::kMlflowModelFile, error)) {
      description = version / inference::kMlflowModelFile;
    } else if (!fs::exists(description, error)) {
      description = shared;
    }
    model.versions.push_back({.source = {description, version, model.name, version.filename()},
                              .status = {},
                              .fingerprint = Fingerprint(version, description)});
  }
  if (model.versions.empty() && !is_triton && SaysItsVersion(shared)) {
    model.versions.push_back(
        {.source = {shared, path, model.name, ""}, .status = {}, .fingerprint = Fingerprint(path, shared)});
    return model;
  }
  std::sort(model.versions.begin(), model.versions.end(),
            [](const auto& a, const auto& b) { return VersionLess(a.source.version, b.source.version); });
  if (model.versions.empty()) {
    model.status = NotFound(folder, " holds no version: neither a numbered folder nor a model.yaml.");
    return model;
  }
  // Aliases stand in versions.yaml whatever describes the model; what it says of versions goes before a config.pbtxt.
  const bool has_versions = fs::exists(path / "versions.yaml", error);
  const auto versions =
      is_triton && !has_versions ? ReadTritonVersions(shared, model.name) : ReadVersions(path);
  model.status = versions.status();
  Choose(versions.ok() ? *versions : VersionsFile(), &model.versions);
  if (versions.ok()) model.aliases = versions->aliases;
  return model;
}

absl::StatusOr<std::vector<FoundModel>> ScanRepository(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return NotFound("There is no model repository '", path, "'.");
  std::vector<FoundModel> models;
  for (const fs::path& folder : Folders(path)) models.push_back(ScanModel(folder));
  return models;
}

}  // namespace starling::models

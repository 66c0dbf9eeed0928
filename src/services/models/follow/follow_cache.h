// FollowCache: the versions that were fetched from the registry, as a folder of models with numbered versions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace starling::models {

// Lies below `<folder>/<n>/`, where n is the lowest number that no other program has: so several may share the setting. Each change is
// one rename, on disk when its call returns; a program that is killed leaves the state before or after. Blocking; one thread
// at a time. UNAVAILABLE whenever the disk fails.
class FollowCache {
 public:
  struct Held {
    std::map<std::string, std::string> sources;  // by version: where it was fetched from
    std::map<std::string, std::string> aliases;  // to versions
  };

  // Makes the folder if it is missing. FAILED_PRECONDITION if that can't be.
  static absl::StatusOr<std::unique_ptr<FollowCache>> Open(const std::string& folder);
  ~FollowCache();
  FollowCache(const FollowCache&) = delete;

  // What RepositoryOptions::followed is to be.
  const std::filesystem::path& models() const { return models_; }
  std::vector<std::string> Models() const;
  Held Get(const std::string& model) const;

  // An empty folder for files that are under way; it is gone after the next start at the latest.
  absl::StatusOr<std::filesystem::path> Stage();
  void Discard(const std::filesystem::path& staged);
  // Makes the staged folder the model's version, in place of one that was fetched from elsewhere.
  absl::Status Publish(const std::filesystem::path& staged, const std::string& model,
                       const std::string& version, const std::string& source);

  // Says which versions are loaded and what the aliases mean; repository_scan.h.
  absl::Status SetVersions(const std::string& model, const std::set<std::string>& listed,
                           const std::map<std::string, std::string>& aliases);
  // Deletes the versions that are not in `kept`.
  void Prune(const std::string& model, const std::set<std::string>& kept);
  void Remove(const std::string& model);

 private:
  FollowCache(std::filesystem::path models, int lock);
  std::filesystem::path NewStagedPath();
  void MoveAwayAndDelete(const std::filesystem::path& path);

  const std::filesystem::path models_;
  const std::filesystem::path staging_;
  const int lock_;  // an open file: whoever has it locked has the folder
  uint64_t staged_ = 0;
};

// Writes a file that was not there and gets it onto the disk. UNAVAILABLE.
class NewFile {
 public:
  static absl::StatusOr<NewFile> Create(const std::filesystem::path& path);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&& other) noexcept;
  ~NewFile();
  absl::Status Append(std::string_view bytes);
  absl::Status Close();

 private:
  NewFile(std::string path, int file) : path_(std::move(path)), file_(file) {}
  std::string path_;
  int file_;
};

}  // namespace starling::models

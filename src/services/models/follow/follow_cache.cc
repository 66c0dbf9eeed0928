#include "services/models/follow/follow_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "base/json_quote.h"
#include "base/status.h"
#include "core/inference/package/yaml_reader.h"
#include "services/models/repository/repository_scan.h"

namespace starling::models {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxPrograms = 256;
constexpr char kSourceFile[] = ".source";

absl::Status DiskError(const fs::path& path, int error) {
  return Unavailable("The cache of models at ", path.string(), " can't be written: ", std::strerror(error),
                     ".");
}

absl::Status MakeFolder(const fs::path& path) {
  if (path.has_parent_path() && !fs::exists(path.parent_path()))
    RETURN_IF_ERROR(MakeFolder(path.parent_path()));
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  return DiskError(path, errno);
}

absl::Status SyncFolder(const fs::path& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return DiskError(path, errno);
  const bool synced = ::fsync(folder) == 0;
  const int error = errno;
  ::close(folder);
  return synced ? absl::OkStatus() : DiskError(path, error);
}

std::string ReadAll(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// The folders of one version and what is in them, innermost first.
absl::Status SyncFolders(const fs::path& path) {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_directory()) RETURN_IF_ERROR(SyncFolder(entry->path()));
  }
  return SyncFolder(path);
}

}  // namespace

absl::StatusOr<NewFile> NewFile::Create(const fs::path& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return DiskError(path, errno);
  return NewFile(path, file);
}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}

NewFile& NewFile::operator=(NewFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(file_, other.file_);
  return *this;
}

NewFile::~NewFile() {
  if (file_ >= 0) ::close(file_);
}

absl::Status NewFile::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return DiskError(path_, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status NewFile::Close() {
  const bool synced = ::fsync(file_) == 0;
  const int error = errno;
  ::close(std::exchange(file_, -1));
  return synced ? absl::OkStatus() : DiskError(path_, error);
}

FollowCache::FollowCache(fs::path models, int lock)
    : models_(std::move(models)), staging_(models_ / ".staging"), lock_(lock) {}

FollowCache::~FollowCache() { ::close(lock_); }

absl::StatusOr<std::unique_ptr<FollowCache>> FollowCache::Open(const std::string& folder) {
  for (int number = 0; number < kMaxPrograms; ++number) {
    const fs::path models = fs::path(folder) / StrCat(number);
    if (const absl::Status made = MakeFolder(models); !made.ok())
      return FailedPrecondition("models.registry.cache: ", Message(made));
    const int lock = ::open((models / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) return FailedPrecondition("models.registry.cache: ", Message(DiskError(models, errno)));
    std::unique_ptr<FollowCache> cache(new FollowCache(models, lock));
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) continue;
    std::error_code error;
    fs::remove_all(cache->staging_, error);
    if (const absl::Status made = MakeFolder(cache->staging_); !made.ok())
      return FailedPrecondition("models.registry.cache: ", Message(made));
    return cache;
  }
  return FailedPrecondition("models.registry.cache: ", kMaxPrograms, " programs have ", folder, " in use.");
}

std::vector<std::string> FollowCache::Models() const {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(models_, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (!name.starts_with('.')) names.push_back(name);
  }
  return names;
}

FollowCache::Held FollowCache::Get(const std::string& model) const {
  Held held;
  std::error_code error;
  for (fs::directory_iterator entry(models_ / model, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string source = ReadAll(entry->path() / kSourceFile);
    if (!source.empty()) held.sources[entry->path().filename()] = source;
  }
  held.aliases = ScanModel(models_ / model).aliases;
  return held;
}

fs::path FollowCache::NewStagedPath() { return staging_ / StrCat(++staged_); }

absl::StatusOr<fs::path> FollowCache::Stage() {
  const fs::path path = NewStagedPath();
  RETURN_IF_ERROR(MakeFolder(path));
  return path;
}

void FollowCache::Discard(const fs::path& staged) {
  std::error_code error;
  fs::remove_all(staged, error);
}

void FollowCache::MoveAwayAndDelete(const fs::path& path) {
  const fs::path away = NewStagedPath();
  std::error_code error;
  fs::rename(path, away, error);
  if (!error) fs::remove_all(away, error);
}

absl::Status FollowCache::Publish(const fs::path& staged, const std::string& model,
                                  const std::string& version, const std::string& source) {
  ASSIGN_OR_RETURN(NewFile note, NewFile::Create(staged / kSourceFile));
  RETURN_IF_ERROR(note.Append(source));
  RETURN_IF_ERROR(note.Close());
  RETURN_IF_ERROR(SyncFolders(staged));
  RETURN_IF_ERROR(MakeFolder(models_ / model));
  const fs::path place = models_ / model / version;
  const bool replaces = fs::exists(place);
  if (::renameat2(AT_FDCWD, staged.c_str(), AT_FDCWD, place.c_str(), replaces ? RENAME_EXCHANGE : 0) != 0)
    return DiskError(place, errno);
  if (replaces) Discard(staged);
  return SyncFolder(place.parent_path());
}

absl::Status FollowCache::SetVersions(const std::string& model, const std::set<std::string>& listed,
                                      const std::map<std::string, std::string>& aliases) {
  std::string text = "listed: [";
  for (const std::string& version : listed)
    StrAppend(&text, version == *listed.begin() ? "" : ", ", JsonQuote(version));
  text += "]\naliases: {";
  for (const auto& [alias, version] : aliases)
    StrAppend(&text, alias == aliases.begin()->first ? "" : ", ", JsonQuote(alias), ": ", JsonQuote(version));
  text += "}\n";
  const fs::path place = models_ / model / "versions.yaml";
  RETURN_IF_ERROR(MakeFolder(place.parent_path()));
  if (ReadAll(place) == text) return absl::OkStatus();
  const fs::path staged = NewStagedPath();
  ASSIGN_OR_RETURN(NewFile file, NewFile::Create(staged));
  RETURN_IF_ERROR(file.Append(text));
  RETURN_IF_ERROR(file.Close());
  if (::rename(staged.c_str(), place.c_str()) != 0) return DiskError(place, errno);
  return SyncFolder(place.parent_path());
}

void FollowCache::Prune(const std::string& model, const std::set<std::string>& kept) {
  std::error_code error;
  std::vector<fs::path> gone;
  for (fs::directory_iterator entry(models_ / model, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_directory() && !kept.contains(entry->path().filename())) gone.push_back(entry->path());
  }
  for (const fs::path& path : gone) MoveAwayAndDelete(path);
}

void FollowCache::Remove(const std::string& model) { MoveAwayAndDelete(models_ / model); }

}  // namespace starling::models

#include "backends/blob_files/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "base/status.h"

namespace starling::blob_files {

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

absl::Status FailureOf(int error, std::string_view path) {
  switch (error) {
    case ENOENT:
      return NotFound("There is nothing at '", path, "'.");
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENOTEMPTY:
    case EEXIST:
      return FailedPrecondition("'", path, "' is of another kind than asked for.");
    default:
      return Unavailable("The store of artifacts failed: ", std::strerror(error), ".");
  }
}

absl::StatusOr<Descriptor> OpenFolder(int parent, const std::string& name, bool make) {
  if (make && ::mkdirat(parent, name.c_str(), 0700) == 0) ::fsync(parent);
  Descriptor folder(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder.get() < 0) return FailureOf(errno, name);
  return folder;
}

absl::StatusOr<Place> PlaceOf(int root, std::string_view key, bool make) {
  Place place{Descriptor(::fcntl(root, F_DUPFD_CLOEXEC, 0)), {}};
  if (place.folder.get() < 0) return FailureOf(errno, key);
  while (true) {
    const size_t slash = key.find('/');
    if (slash == std::string_view::npos) break;
    ASSIGN_OR_RETURN(place.folder, OpenFolder(place.folder.get(), std::string(key.substr(0, slash)), make));
    key.remove_prefix(slash + 1);
  }
  place.name = key;
  return place;
}

absl::Status RemoveAll(int parent, const std::string& name) {
  if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return absl::OkStatus();
  if (errno != EISDIR && errno != EPERM) return FailureOf(errno, name);
  {
    ASSIGN_OR_RETURN(Descriptor folder, OpenFolder(parent, name, false));
    struct Closer {
      void operator()(DIR* directory) const { ::closedir(directory); }
    };
    const std::unique_ptr<DIR, Closer> directory(::fdopendir(::dup(folder.get())));
    if (directory == nullptr) return FailureOf(errno, name);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(directory.get())) names.emplace_back(entry->d_name);
    for (const std::string& inside : names) {
      if (inside != "." && inside != "..") RETURN_IF_ERROR(RemoveAll(folder.get(), inside));
    }
  }
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) return FailureOf(errno, name);
  return absl::OkStatus();
}

}  // namespace starling::blob_files

#include "app/runtime_directory.h"

#include <stdlib.h>
#include <string.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/status.h"

namespace starling::app {

absl::StatusOr<std::unique_ptr<RuntimeDirectory>> RuntimeDirectory::Make() {
  const char* base = getenv("XDG_RUNTIME_DIR");
  std::string path = StrCat(base != nullptr && *base != '\0' ? base : "/tmp", "/starling-XXXXXX");
  if (mkdtemp(path.data()) == nullptr) {
    return FailedPrecondition("No folder for sockets could be made as ", path, ": ", strerror(errno), ".");
  }
  return std::unique_ptr<RuntimeDirectory>(new RuntimeDirectory(path));
}

RuntimeDirectory::~RuntimeDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace starling::app

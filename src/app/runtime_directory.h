#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace starling::app {

// A folder of this process alone (mode 0700) for Unix sockets, removed with everything in it at the end. Under
// XDG_RUNTIME_DIR, or /tmp where that is not set.
class RuntimeDirectory {
 public:
  static absl::StatusOr<std::unique_ptr<RuntimeDirectory>> Make();
  ~RuntimeDirectory();
  const std::string& path() const { return path_; }

 private:
  explicit RuntimeDirectory(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

}  // namespace starling::app

// Folders by descriptor, so that a path can't be swapped under our feet. Internal to this folder.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace starling::blob_files {

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  int get() const { return fd_; }

 private:
  int fd_;
};

// What errno says happened to `path`: NOT_FOUND, FAILED_PRECONDITION (a file in the place of a folder, a link), or UNAVAILABLE.
absl::Status FailureOf(int error, std::string_view path);

// The folder `name` in `parent`, which is not a link.
absl::StatusOr<Descriptor> OpenFolder(int parent, const std::string& name, bool make);

// The folder that holds the last part of `key`, below `root`, and that part.
struct Place {
  Descriptor folder;
  std::string name;
};
absl::StatusOr<Place> PlaceOf(int root, std::string_view key, bool make);

// Everything in `folder`, then what was asked for; links are removed and not followed.
absl::Status RemoveAll(int parent, const std::string& name);

}  // namespace starling::blob_files

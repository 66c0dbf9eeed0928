// Blobs behind an interface: files or S3. Blocking: call it on a pool, never on a loop.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace starling::store {

// A blob on its way in. Invisible until Commit(); destroyed before that, nothing of it is left. One thread at a time.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  // UNAVAILABLE: no room, or the store failed. After an error there is nothing left but to destroy it.
  virtual absl::Status Append(std::string_view bytes) = 0;
  // Makes all of it visible at once, in place of what was under the key; on disk when this returns OK. Once.
  virtual absl::Status Commit() = 0;
};

struct BlobEntry {
  std::string name;  // the last part of its key
  bool is_folder = false;
  int64_t bytes = 0;
  std::string revision;  // of a blob: another one once other bytes replaced it
};

// One revision of a blob. One thread at a time.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual const BlobEntry& entry() const = 0;
  // At most `size` bytes from `offset`; empty at the end. Reading from the start to the end in small pieces costs no more than in large
  // ones. ABORTED if the blob was replaced or deleted since it was opened and the store keeps no old revisions.
  virtual absl::StatusOr<std::string> Read(int64_t offset, size_t size) = 0;
};

// Keys are paths as CheckBlobKey() takes them; a key that it refuses is INVALID_ARGUMENT everywhere. Thread-safe.
class Blobs {
 public:
  virtual ~Blobs() = default;
  // FAILED_PRECONDITION if a part of `key` is a blob, or `key` is a folder.
  virtual absl::StatusOr<std::unique_ptr<BlobWriter>> Create(std::string_view key) = 0;
  // NOT_FOUND if there is no blob or folder.
  virtual absl::StatusOr<BlobEntry> Stat(std::string_view key) = 0;
  // NOT_FOUND if there is no blob.
  virtual absl::StatusOr<std::unique_ptr<BlobReader>> Open(std::string_view key) = 0;
  // What lies directly below `key` ("" is the root), by name. Empty if that is no folder.
  virtual absl::StatusOr<std::vector<BlobEntry>> List(std::string_view key) = 0;
  // The blob, or everything below the folder. OK if there is none.
  virtual absl::Status Delete(std::string_view key) = 0;

  // Open() and one Read().
  absl::StatusOr<std::string> Read(std::string_view key, int64_t offset, size_t size) {
    const auto reader = Open(key);
    return reader.ok() ? (*reader)->Read(offset, size) : reader.status();
  }
};

// INVALID_ARGUMENT with the reason unless `key` is parts joined by '/', each of 1 to 255 bytes, not "." or "..", without
// backslashes and control characters; in all at most 1024 bytes of UTF-8.
absl::Status CheckBlobKey(std::string_view key);

}  // namespace starling::store

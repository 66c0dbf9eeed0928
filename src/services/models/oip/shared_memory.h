// System shared memory that callers have made and named to us. Source: Triton's extension_shared_memory.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace starling::models::oip {

// Regions are read and written by system calls and never mapped: whoever owns one may shorten or change it at any time, which must harm
// nobody but himself. That costs the one copy that a run's inputs need anyway. Thread-safe.
class SharedMemory {
 public:
  struct Region {
    std::string name;
    std::string key;  // as of shm_open: "/" and a name
    uint64_t offset = 0;
    uint64_t byte_size = 0;
  };

  // Keys must begin with `prefix` behind their "/". Empty: all is refused.
  explicit SharedMemory(std::string prefix) : prefix_(std::move(prefix)) {}

  bool enabled() const { return !prefix_.empty(); }

  // FAILED_PRECONDITION if it is off; INVALID_ARGUMENT for a key that may not be, a memory that is not there or smaller than the region;
  // ALREADY_EXISTS for a name that is taken; RESOURCE_EXHAUSTED if there are too many.
  absl::Status Register(const Region& region);
  // An empty name: all. One that is not there is fine.
  void Unregister(std::string_view name);
  // By name; an empty name: all. NOT_FOUND.
  absl::StatusOr<std::vector<Region>> List(std::string_view name) const;

  // `offset` counts from the region's. INVALID_ARGUMENT if the region is not known, too small, or has been shortened by its owner.
  absl::StatusOr<Bytes> Read(std::string_view region, uint64_t offset, uint64_t byte_size) const;
  absl::Status Write(std::string_view region, uint64_t offset, std::string_view bytes) const;

 private:
  struct Opened;
  absl::StatusOr<std::shared_ptr<const Opened>> Find(std::string_view name, uint64_t offset,
                                                     uint64_t byte_size) const;

  const std::string prefix_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Opened>, std::less<>> regions_;
};

}  // namespace starling::models::oip

#include "services/models/oip/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/status.h"

namespace starling::models::oip {
namespace {

constexpr size_t kMostRegions = 256;
constexpr uint64_t kMostBytes = uint64_t{1} << 40;

}  // namespace

struct SharedMemory::Opened {
  Opened(Region r, int d) : region(std::move(r)), descriptor(d) {}
  ~Opened() { close(descriptor); }
  Opened(const Opened&) = delete;
  const Region region;
  const int descriptor;
};

absl::Status SharedMemory::Register(const Region& region) {
  if (!enabled()) {
    return FailedPrecondition("System shared memory is off here: models.shared_memory_prefix is not set.");
  }
  if (region.name.empty()) return InvalidArgument("A region of shared memory needs a name.");
  const std::string_view key = region.key;
  if (key.size() < 2 || key[0] != '/' || key.find('/', 1) != std::string_view::npos ||
      key.substr(1, prefix_.size()) != prefix_) {
    return InvalidArgument("The key '", key, "' must be '/", prefix_, "' and more, without a further '/'.");
  }
  if (region.byte_size == 0 || region.byte_size > kMostBytes || region.offset > kMostBytes) {
    return InvalidArgument("Region '", region.name, "': byte_size and offset must be between 1 and ",
                           kMostBytes, ".");
  }
  const int descriptor = shm_open(region.key.c_str(), O_RDWR | O_CLOEXEC, 0);
  if (descriptor < 0) {
    return InvalidArgument("The shared memory '", key, "' can't be opened: ", std::strerror(errno), ".");
  }
  auto opened = std::make_shared<const Opened>(region, descriptor);
  struct stat facts{};
  if (fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode) ||
      static_cast<uint64_t>(facts.st_size) < region.offset + region.byte_size) {
    return InvalidArgument("The shared memory '", key, "' is smaller than offset and byte_size of region '",
                           region.name, "'.");
  }
  const std::lock_guard lock(mutex_);
  if (regions_.size() >= kMostRegions)
    return ResourceExhausted("There are ", kMostRegions, " regions already.");
  if (!regions_.emplace(region.name, std::move(opened)).second) {
    return AlreadyExists("There is a region '", region.name, "' already.");
  }
  return absl::OkStatus();
}

void SharedMemory::Unregister(std::string_view name) {
  const std::lock_guard lock(mutex_);
  if (name.empty()) return regions_.clear();
  if (const auto found = regions_.find(name); found != regions_.end()) regions_.erase(found);
}

absl::StatusOr<std::vector<SharedMemory::Region>> SharedMemory::List(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  std::vector<Region> regions;
  for (const auto& [key, opened] : regions_) {
    if (name.empty() || key == name) regions.push_back(opened->region);
  }
  if (!name.empty() && regions.empty()) return NotFound("There is no region '", name, "'.");
  return regions;
}

absl::StatusOr<std::shared_ptr<const SharedMemory::Opened>> SharedMemory::Find(std::string_view name,
                                                                               uint64_t offset,
                                                                               uint64_t byte_size) const {
  const std::lock_guard lock(mutex_);
  const auto found = regions_.find(name);
  if (found == regions_.end()) return InvalidArgument("There is no region '", name, "' of shared memory.");
  const uint64_t size = found->second->region.byte_size;
  if (offset > size || byte_size > size - offset) {
    return InvalidArgument("Region '", name, "' has ", size, " bytes; ", byte_size, " at ", offset,
                           " are past its end.");
  }
  return found->second;
}

absl::StatusOr<Bytes> SharedMemory::Read(std::string_view region, uint64_t offset, uint64_t byte_size) const {
  ASSIGN_OR_RETURN(const auto opened, Find(region, offset, byte_size));
  std::string bytes(byte_size, '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = pread(opened->descriptor, bytes.data() + done, bytes.size() - done,
                              static_cast<off_t>(opened->region.offset + offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return InvalidArgument("Region '", region, "' is shorter than when it was registered.");
    done += static_cast<size_t>(got);
  }
  return Bytes(std::move(bytes));
}

absl::Status SharedMemory::Write(std::string_view region, uint64_t offset, std::string_view bytes) const {
  ASSIGN_OR_RETURN(const auto opened, Find(region, offset, bytes.size()));
  // Writing past the end of a memory that was shortened would make it longer again.
  struct stat facts{};
  if (fstat(opened->descriptor, &facts) != 0 ||
      static_cast<uint64_t>(facts.st_size) < opened->region.offset + offset + bytes.size()) {
    return InvalidArgument("Region '", region, "' is shorter than when it was registered.");
  }
  while (!bytes.empty()) {
    const ssize_t put = pwrite(opened->descriptor, bytes.data(), bytes.size(),
                               static_cast<off_t>(opened->region.offset + offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0)
      return InvalidArgument("Region '", region, "' can't be written: ", std::strerror(errno), ".");
    bytes.remove_prefix(static_cast<size_t>(put));
    offset += static_cast<uint64_t>(put);
  }
  return absl::OkStatus();
}

}  // namespace starling::models::oip

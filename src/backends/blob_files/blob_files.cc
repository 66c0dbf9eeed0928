#include "backends/blob_files/blob_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "backends/blob_files/folder.h"
#include "base/status.h"

namespace starling::blob_files {
namespace {

using store::BlobEntry;

struct CloseFolder {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using OpenDirectory = std::unique_ptr<DIR, CloseFolder>;

// Several programs may share a folder.
std::string RandomName() {
  uint64_t words[2] = {};
  (void)::getrandom(words, sizeof(words), 0);
  return StrCat(absl::Hex(words[0], absl::kZeroPad16), absl::Hex(words[1], absl::kZeroPad16));
}

// Uploads whose writer is gone: nobody holds their lock.
absl::Status RemoveAbandoned(int uploads) {
  const int copy = ::openat(uploads, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const OpenDirectory directory(copy >= 0 ? ::fdopendir(copy) : nullptr);
  if (directory == nullptr) return FailureOf(errno, "uploads");
  while (const dirent* item = ::readdir(directory.get())) {
    const Descriptor file(::openat(uploads, item->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (item->d_name[0] == '.' || file.get() < 0 || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) continue;
    ::unlinkat(uploads, item->d_name, 0);
  }
  return absl::OkStatus();
}

class FileWriter final : public store::BlobWriter {
 public:
  FileWriter(int uploads, std::string temporary, Descriptor file, Place place, std::string key)
      : uploads_(uploads),
        temporary_(std::move(temporary)),
        file_(std::move(file)),
        place_(std::move(place)),
        key_(std::move(key)) {}
  ~FileWriter() override {
    if (!committed_) ::unlinkat(uploads_, temporary_.c_str(), 0);
  }

  absl::Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return FailureOf(errno, key_);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }

  absl::Status Commit() override {
    if (::fsync(file_.get()) != 0) return FailureOf(errno, key_);
    if (::renameat(uploads_, temporary_.c_str(), place_.folder.get(), place_.name.c_str()) != 0)
      return FailureOf(errno, key_);
    committed_ = true;
    return ::fsync(place_.folder.get()) == 0 ? absl::OkStatus() : FailureOf(errno, key_);
  }

 private:
  const int uploads_;  // the store's, which outlives its writers
  const std::string temporary_;
  const Descriptor file_;
  const Place place_;
  const std::string key_;
  bool committed_ = false;
};

// Holds the file open, so that it reads on in what was replaced.
class FileReader final : public store::BlobReader {
 public:
  FileReader(Descriptor file, BlobEntry entry) : file_(std::move(file)), entry_(std::move(entry)) {}

  const BlobEntry& entry() const override { return entry_; }

  absl::StatusOr<std::string> Read(int64_t offset, size_t size) override {
    const int64_t left = std::max<int64_t>(0, entry_.bytes - offset);
    std::string bytes(std::min(size, static_cast<size_t>(left)), '\0');
    size_t got = 0;
    while (got < bytes.size()) {
      const ssize_t read = ::pread(file_.get(), bytes.data() + got, bytes.size() - got,
                                   static_cast<off_t>(offset + static_cast<int64_t>(got)));
      if (read < 0 && errno == EINTR) continue;
      if (read < 0) return FailureOf(errno, entry_.name);
      if (read == 0) break;
      got += static_cast<size_t>(read);
    }
    bytes.resize(got);
    return bytes;
  }

 private:
  const Descriptor file_;
  const BlobEntry entry_;
};

class BlobFiles final : public store::Blobs {
 public:
  BlobFiles(Descriptor blobs, Descriptor uploads) : blobs_(std::move(blobs)), uploads_(std::move(uploads)) {}

  absl::StatusOr<std::unique_ptr<store::BlobWriter>> Create(std::string_view key) override {
    RETURN_IF_ERROR(store::CheckBlobKey(key));
    ASSIGN_OR_RETURN(Place place, PlaceOf(blobs_.get(), key, true));
    struct stat known{};
    if (::fstatat(place.folder.get(), place.name.c_str(), &known, AT_SYMLINK_NOFOLLOW) == 0 &&
        !S_ISREG(known.st_mode))
      return FailureOf(EISDIR, key);
    std::string temporary = RandomName();
    Descriptor file(::openat(uploads_.get(), temporary.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.get() < 0) return FailureOf(errno, key);
    // Held by the writer for as long as it lives, however its program ends.
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return FailureOf(errno, key);
    return std::make_unique<FileWriter>(uploads_.get(), std::move(temporary), std::move(file),
                                        std::move(place), std::string(key));
  }

  absl::StatusOr<BlobEntry> Stat(std::string_view key) override {
    RETURN_IF_ERROR(store::CheckBlobKey(key));
    ASSIGN_OR_RETURN(const Place place, PlaceOf(blobs_.get(), key, false));
    return EntryOf(place.folder.get(), place.name);
  }

  absl::StatusOr<std::unique_ptr<store::BlobReader>> Open(std::string_view key) override {
    RETURN_IF_ERROR(store::CheckBlobKey(key));
    ASSIGN_OR_RETURN(const Place place, PlaceOf(blobs_.get(), key, false));
    Descriptor file(
        ::openat(place.folder.get(), place.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat known{};
    if (file.get() < 0 || ::fstat(file.get(), &known) != 0) return FailureOf(errno, key);
    if (S_ISDIR(known.st_mode)) return NotFound("There is nothing to read at '", key, "': it is a folder.");
    ASSIGN_OR_RETURN(BlobEntry entry, EntryOf(known, place.name));
    return std::make_unique<FileReader>(std::move(file), std::move(entry));
  }

  absl::StatusOr<std::vector<BlobEntry>> List(std::string_view key) override {
    const Descriptor* folder = &blobs_;
    absl::StatusOr<Descriptor> opened;
    if (!key.empty()) {
      RETURN_IF_ERROR(store::CheckBlobKey(key));
      const auto place = PlaceOf(blobs_.get(), key, false);
      opened = place.ok() ? OpenFolder(place->folder.get(), place->name, false) : place.status();
      if (absl::IsNotFound(opened.status()) || absl::IsFailedPrecondition(opened.status()))
        return std::vector<BlobEntry>();
      RETURN_IF_ERROR(opened.status());
      folder = &*opened;
    }
    const int copy = ::openat(folder->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const OpenDirectory directory(copy >= 0 ? ::fdopendir(copy) : nullptr);
    if (directory == nullptr) return FailureOf(errno, key);
    std::vector<BlobEntry> entries;
    while (const dirent* item = ::readdir(directory.get())) {
      const std::string name = item->d_name;
      if (name == "." || name == "..") continue;
      auto entry = EntryOf(copy, name);
      // Links and other strangers are not ours, and what was just deleted is gone.
      if (entry.ok()) entries.push_back(*std::move(entry));
    }
    std::sort(entries.begin(), entries.end(),
              [](const BlobEntry& a, const BlobEntry& b) { return a.name < b.name; });
    return entries;
  }

  absl::Status Delete(std::string_view key) override {
    RETURN_IF_ERROR(store::CheckBlobKey(key));
    const auto place = PlaceOf(blobs_.get(), key, false);
    if (absl::IsNotFound(place.status())) return absl::OkStatus();
    RETURN_IF_ERROR(place.status());
    return RemoveAll(place->folder.get(), place->name);
  }

 private:
  static absl::StatusOr<BlobEntry> EntryOf(int folder, const std::string& name) {
    struct stat known{};
    if (::fstatat(folder, name.c_str(), &known, AT_SYMLINK_NOFOLLOW) != 0) return FailureOf(errno, name);
    return EntryOf(known, name);
  }

  static absl::StatusOr<BlobEntry> EntryOf(const struct stat& known, const std::string& name) {
    if (S_ISDIR(known.st_mode)) return BlobEntry{name, true, 0, ""};
    if (!S_ISREG(known.st_mode)) return FailureOf(ENOENT, name);
    // A replacement is another file; a number that is used again comes with another time.
    return BlobEntry{name, false, int64_t{known.st_size},
                     StrCat(known.st_ino, "-", known.st_mtim.tv_sec, "-", known.st_mtim.tv_nsec)};
  }

  const Descriptor blobs_, uploads_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<store::Blobs>> OpenBlobFiles(const std::string& root) {
  const auto open = [&root]() -> absl::StatusOr<std::unique_ptr<store::Blobs>> {
    ASSIGN_OR_RETURN(const Descriptor folder, OpenFolder(AT_FDCWD, root, true));
    ASSIGN_OR_RETURN(Descriptor blobs, OpenFolder(folder.get(), "blobs", true));
    ASSIGN_OR_RETURN(Descriptor uploads, OpenFolder(folder.get(), "uploads", true));
    RETURN_IF_ERROR(RemoveAbandoned(uploads.get()));
    return std::make_unique<BlobFiles>(std::move(blobs), std::move(uploads));
  };
  auto opened = open();
  if (!opened.ok())
    return FailedPrecondition("The folder ", root, " can't be used: ", Message(opened.status()));
  return opened;
}

}  // namespace starling::blob_files

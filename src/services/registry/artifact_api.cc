#include "services/registry/artifact_api.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace starling::registry {
namespace {

// Threads that wait for a disk or for S3.
constexpr size_t kThreads = 8, kQueue = 256;
// Far below the smallest limit on messages that anyone would set.
constexpr size_t kChunkBytes = 32 * 1024;

absl::StatusOr<std::string> KeyOf(const RequestContext& context, const std::string& path) {
  RETURN_IF_ERROR(store::CheckBlobKey(path));
  return StrCat(context.tenant(), "/", path);
}

std::string LastPart(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Runs blocking `work` on the pool; a full pool is a moment's trouble.
template <typename T>
async::Task<absl::StatusOr<T>> Block(async::Pool& pool, std::function<absl::StatusOr<T>()> work) {
  auto result = co_await pool.Run(std::move(work));
  if (!result.ok())
    co_return WithRetryAfter(Unavailable("Too many artifacts are under way."), std::chrono::seconds(1));
  co_return *std::move(result);
}

}  // namespace

ArtifactApi::ArtifactApi(store::Blobs& blobs, int64_t max_bytes)
    : blobs_(blobs), max_bytes_(max_bytes), pool_("artifacts", kThreads, kQueue) {}

async::Task<absl::StatusOr<v1::Artifact>> ArtifactApi::UploadArtifact(
    RequestContext context, async::Stream<v1::UploadArtifactRequest> requests) {
  std::unique_ptr<store::BlobWriter> writer;
  v1::Artifact artifact;
  absl::Status status;
  while (status.ok()) {
    auto next = co_await requests.Next();
    if (!next.ok()) {
      status = next.status();
      break;
    }
    if (!next->has_value()) break;
    const v1::UploadArtifactRequest piece = **std::move(next);
    artifact.set_file_size(artifact.file_size() + static_cast<int64_t>(piece.data().size()));
    if (artifact.file_size() > max_bytes_) {
      status =
          ResourceExhausted("A file may have at most ", max_bytes_, " bytes (registry.max_artifact_bytes).");
      break;
    }
    if (writer == nullptr) artifact.set_path(LastPart(piece.path()));
    std::function<absl::StatusOr<bool>()> append = [&]() -> absl::StatusOr<bool> {
      if (writer == nullptr) {
        ASSIGN_OR_RETURN(const std::string key, KeyOf(context, piece.path()));
        ASSIGN_OR_RETURN(writer, blobs_.Create(key));
      }
      RETURN_IF_ERROR(writer->Append(piece.data()));
      return true;
    };
    const auto appended = co_await Block<bool>(pool_, std::move(append));
    status = appended.status();
  }
  if (status.ok()) status = context.Check();
  if (status.ok() && writer == nullptr) status = InvalidArgument("The first message must have the path.");
  std::function<absl::StatusOr<bool>()> finish = [&]() -> absl::StatusOr<bool> {
    const absl::Status committed = status.ok() ? writer->Commit() : status;
    writer.reset();  // not on a loop: it may remove a file
    RETURN_IF_ERROR(committed);
    return true;
  };
  const auto finished = co_await Block<bool>(pool_, std::move(finish));
  if (!finished.ok()) co_return finished.status();
  co_return artifact;
}

async::Stream<v1::ArtifactChunk> ArtifactApi::DownloadArtifact(RequestContext context,
                                                               v1::DownloadArtifactRequest request) {
  const auto key = KeyOf(context, request.path());
  if (!key.ok()) co_return key.status();
  std::function<absl::StatusOr<std::shared_ptr<store::BlobReader>>()> open = [&] {
    return absl::StatusOr<std::shared_ptr<store::BlobReader>>(blobs_.Open(*key));
  };
  const auto reader = co_await Block<std::shared_ptr<store::BlobReader>>(pool_, std::move(open));
  if (!reader.ok()) {
    const bool other = absl::IsNotFound(reader.status()) || absl::IsFailedPrecondition(reader.status());
    co_return other ? NotFound("There is no file '", request.path(), "'.") : reader.status();
  }
  const int64_t total = (*reader)->entry().bytes;
  int64_t offset = 0;
  do {
    const absl::Status alive = context.Check();
    if (!alive.ok()) co_return alive;
    std::function<absl::StatusOr<std::string>()> read = [&] { return (*reader)->Read(offset, kChunkBytes); };
    auto bytes = co_await Block<std::string>(pool_, std::move(read));
    if (!bytes.ok()) co_return bytes.status();
    if (bytes->empty() && offset < total) co_return Aborted("The file '", request.path(), "' was cut short.");
    offset += static_cast<int64_t>(bytes->size());
    v1::ArtifactChunk chunk;
    chunk.set_data(*std::move(bytes));
    chunk.set_total_bytes(total);
    co_yield std::move(chunk);
  } while (offset < total);
  co_return absl::OkStatus();
}

async::Task<absl::StatusOr<v1::ListArtifactsResponse>> ArtifactApi::ListArtifacts(
    RequestContext context, const v1::ListArtifactsRequest& request) {
  std::string key = context.tenant();
  if (!request.path().empty()) {
    CO_ASSIGN_OR_RETURN(key, KeyOf(context, request.path()));
  }
  std::function<absl::StatusOr<std::vector<store::BlobEntry>>()> list = [&] { return blobs_.List(key); };
  const auto entries = co_await Block<std::vector<store::BlobEntry>>(pool_, std::move(list));
  if (!entries.ok()) co_return entries.status();
  v1::ListArtifactsResponse response;
  for (const store::BlobEntry& entry : *entries) {
    v1::Artifact* file = response.add_files();
    file->set_path(entry.name);
    file->set_is_dir(entry.is_folder);
    file->set_file_size(entry.bytes);
  }
  co_return response;
}

async::Task<absl::StatusOr<v1::Empty>> ArtifactApi::DeleteArtifact(RequestContext context,
                                                                   const v1::DeleteArtifactRequest& request) {
  CO_ASSIGN_OR_RETURN(const std::string key, KeyOf(context, request.path()));
  std::function<absl::StatusOr<bool>()> work = [&]() -> absl::StatusOr<bool> {
    RETURN_IF_ERROR(blobs_.Delete(key));
    return true;
  };
  const auto deleted = co_await Block<bool>(pool_, std::move(work));
  if (!deleted.ok()) co_return deleted.status();
  co_return v1::Empty();
}

}  // namespace starling::registry

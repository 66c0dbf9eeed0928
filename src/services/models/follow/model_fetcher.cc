#include "services/models/follow/model_fetcher.h"

#include <chrono>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/status.h"
#include "core/store/blobs.h"
#include "services/models/follow/follow_cache.h"

namespace starling::models {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kListTimeout{30};
constexpr std::chrono::hours kDownloadTimeout{1};
// Pieces come small; each write is a trip to another thread.
constexpr size_t kWriteBytes = size_t{1} << 20;

async::Task<absl::Status> OnPool(async::Pool& pool, std::function<absl::Status()> work) {
  auto done = co_await pool.Run(std::move(work));
  co_return done.ok() ? *done : done.status();
}

}  // namespace

absl::StatusOr<std::string> ArtifactPath(std::string_view source) {
  constexpr std::string_view kScheme = "mlflow-artifacts:";
  std::string_view path = source;
  const bool is_here = path.starts_with(kScheme);
  if (is_here) path.remove_prefix(kScheme.size());
  const bool names_a_server = path.starts_with("//") && !path.starts_with("///");
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!is_here || names_a_server || !store::CheckBlobKey(path).ok()) {
    return FailedPrecondition("The files of the version are at '", source,
                              "', which is not in the registry's artifacts (mlflow-artifacts:/PATH).");
  }
  return std::string(path);
}

struct ModelFetcher::Plan {
  struct File {
    std::string path;  // below the root
    int64_t bytes;
  };
  std::vector<std::string> folders;  // below the root, outer ones first
  std::vector<File> files;
  int64_t bytes = 0;
};

async::Task<absl::StatusOr<ModelFetcher::Plan>> ModelFetcher::List(RequestContext context, std::string root) {
  Plan plan;
  std::vector<std::pair<std::string, size_t>> to_list = {{"", 0}};
  while (!to_list.empty()) {
    const auto [folder, depth] = to_list.back();
    to_list.pop_back();
    registry::v1::ListArtifactsRequest request;
    request.set_path(folder.empty() ? root : StrCat(root, "/", folder));
    const RequestContext call = context.WithDeadline(steady_clock::now() + kListTimeout);
    CO_ASSIGN_OR_RETURN(const auto listed, co_await artifacts_.ListArtifacts(call, request));
    for (const registry::v1::Artifact& entry : listed.files()) {
      const std::string& name = entry.path();
      if (!store::CheckBlobKey(name).ok() || name.find('/') != std::string::npos || name == ".source")
        co_return FailedPrecondition("A file of the version has a name that can't be one here.");
      const std::string path = folder.empty() ? name : StrCat(folder, "/", name);
      if (entry.is_dir()) {
        plan.folders.push_back(path);
        to_list.emplace_back(path, depth + 1);
      } else {
        plan.files.push_back({path, entry.file_size()});
        plan.bytes += std::max<int64_t>(entry.file_size(), 0);
      }
      if (plan.bytes > limits_.max_bytes) {
        co_return FailedPrecondition("The version has more than ", limits_.max_bytes,
                                     " bytes (models.registry.max_version_bytes).");
      }
      if (plan.folders.size() + plan.files.size() > limits_.max_files || depth + 1 > limits_.max_depth)
        co_return FailedPrecondition("The version has more than ", limits_.max_files, " files or ",
                                     limits_.max_depth, " folders in each other.");
    }
  }
  if (plan.files.empty()) co_return FailedPrecondition("There are no files at '", root, "' in the registry.");
  co_return plan;
}

async::Task<absl::Status> ModelFetcher::Download(RequestContext context, std::string path, fs::path file,
                                                 int64_t expected_bytes) {
  std::optional<NewFile> out;
  std::string buffer;
  int64_t bytes = 0;
  registry::v1::DownloadArtifactRequest request;
  request.set_path(path);
  auto stream =
      artifacts_.DownloadArtifact(context.WithDeadline(steady_clock::now() + kDownloadTimeout), request);
  std::function<absl::Status()> write = [&]() -> absl::Status {
    if (!out.has_value()) {
      ASSIGN_OR_RETURN(out, NewFile::Create(file));
    }
    RETURN_IF_ERROR(out->Append(buffer));
    buffer.clear();
    return absl::OkStatus();
  };
  while (true) {
    const auto next = co_await stream.Next();
    if (!next.ok()) co_return next.status();
    if (!next->has_value()) break;
    const std::string& piece = (*next)->data();
    bytes += static_cast<int64_t>(piece.size());
    if (bytes > expected_bytes) break;
    buffer += piece;
    if (buffer.size() < kWriteBytes) continue;
    const absl::Status written = co_await OnPool(files_, write);
    if (!written.ok()) co_return written;
  }
  if (bytes != expected_bytes) co_return Aborted("The file '", path, "' changed while it was fetched.");
  std::function<absl::Status()> finish = [&]() -> absl::Status {
    RETURN_IF_ERROR(write());
    return out->Close();
  };
  co_return co_await OnPool(files_, finish);
}

async::Task<absl::Status> ModelFetcher::Fetch(RequestContext context, std::string source, fs::path folder) {
  CO_ASSIGN_OR_RETURN(const std::string root, ArtifactPath(source));
  CO_ASSIGN_OR_RETURN(const Plan plan, co_await List(context, root));
  std::function<absl::Status()> make_folders = [&]() -> absl::Status {
    std::error_code error;
    for (const std::string& path : plan.folders) {
      if (!fs::create_directory(folder / path, error))
        return Unavailable("The folder ", (folder / path).string(), " can't be made.");
    }
    return absl::OkStatus();
  };
  const absl::Status made = co_await OnPool(files_, make_folders);
  if (!made.ok()) co_return made;
  for (const Plan::File& file : plan.files) {
    const absl::Status fetched =
        co_await Download(context, StrCat(root, "/", file.path), folder / file.path, file.bytes);
    if (!fetched.ok()) co_return fetched;
  }
  co_return absl::OkStatus();
}

}  // namespace starling::models

// ModelFetcher: brings the files of a version from the registry onto this machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/async/pool.h"
#include "core/async/task.h"
#include "core/context/request_context.h"
#include "starling/registry/v1/artifacts.starling.h"

namespace starling::models {

struct FetchLimits {
  int64_t max_bytes = int64_t{4} << 30;  // all files together
  size_t max_files = 10000;              // and folders
  size_t max_depth = 16;
};

// Any loop; several fetches at a time.
class ModelFetcher {
 public:
  // Both outlive it. Files are written on `files`.
  ModelFetcher(registry::v1::ArtifactService& artifacts, async::Pool& files, FetchLimits limits)
      : artifacts_(artifacts), files_(files), limits_(limits) {}

  // Writes what lies at `source` (mlflow-artifacts:/PATH) into `folder`, which is there and empty; what was written before an error
  // stays. FAILED_PRECONDITION if it can't be had as it is: not in the registry's artifacts, no files, too much, names that
  // are no file's. Else what the registry or the disk said.
  async::Task<absl::Status> Fetch(RequestContext context, std::string source, std::filesystem::path folder);

 private:
  struct Plan;
  async::Task<absl::StatusOr<Plan>> List(RequestContext context, std::string root);
  async::Task<absl::Status> Download(RequestContext context, std::string path, std::filesystem::path file,
                                     int64_t expected_bytes);

  registry::v1::ArtifactService& artifacts_;
  async::Pool& files_;
  const FetchLimits limits_;
};

// The path of an artifact in the registry. FAILED_PRECONDITION if `source` is elsewhere.
absl::StatusOr<std::string> ArtifactPath(std::string_view source);

}  // namespace starling::models

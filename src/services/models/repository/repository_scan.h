// What lies in a repository: a folder of models, each with numbered versions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/inference/package/model_package.h"

namespace starling::models {

struct FoundVersion {
  inference::PackageSource source;
  absl::Status status;       // why it can't be had at all, whatever the folder holds
  uint64_t fingerprint = 0;  // of the names, sizes and times of all its files: another one means other files
};

struct FoundModel {
  std::string name;
  std::vector<FoundVersion> versions;          // those that should be loaded, the oldest first
  std::map<std::string, std::string> aliases;  // to versions
  absl::Status status;  // why there are no versions, or why versions.yaml was not heeded
};

// Reads one model's folder, `<repository>/<name>`:
//   <version>/            a folder whose name is a number without leading zeros
//   <version>/model.yaml  what is in it; its paths start there
//   model.yaml            instead: the same for all versions; its paths start at the version's folder
//   <version>/MLmodel     where neither is there: MLflow's
//   config.pbtxt          or Triton's, which also says which versions are loaded
//   versions.yaml         `latest: n` (1), `all: true` or `listed: [..]`: which versions are loaded;
//                         `aliases: {name: version}`: those too
// Without numbered folders a model.yaml that says its version is the one. What begins with '.' is not there: a version
// is written beside under such a name and then renamed, so that it is seen whole or not at all.
FoundModel ScanModel(const std::string& folder);

// All models of a repository, by name. NOT_FOUND if there is no such folder.
absl::StatusOr<std::vector<FoundModel>> ScanRepository(const std::string& path);

}  // namespace starling::models

// Blobs as files below one folder.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/store/blobs.h"

namespace starling::blob_files {

// `root` is made if it is missing (its parent is not), with mode 0700. In it, blobs/ holds the blobs under their keys and uploads/ what is
// not committed; what a dead program left there is removed here. No path is followed through a symbolic link, so nothing outside of
// blobs/ is ever read or written. FAILED_PRECONDITION with the folder if it can't be used.
absl::StatusOr<std::unique_ptr<store::Blobs>> OpenBlobFiles(const std::string& root);

}  // namespace starling::blob_files

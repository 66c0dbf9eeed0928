// A blob on its way into the bucket. Internal to this folder.
#pragma once

#include <memory>
#include <string>

#include "backends/blob_s3/client.h"
#include "core/store/blobs.h"

namespace starling::blob_s3 {

// One request if it is no larger than a part, else a multipart upload, which is aborted if it is not committed. `client` outlives it.
std::unique_ptr<store::BlobWriter> StartUpload(Client& client, std::string object_key, size_t part_bytes);

}  // namespace starling::blob_s3

// Blobs as objects of a bucket on an S3-compatible server.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "core/store/blobs.h"
#include "core/store/s3_config.h"

namespace starling::blob_s3 {

// Asks the bucket for a listing first: FAILED_PRECONDITION if it answers with a refusal or a setting is wrong, UNAVAILABLE if it can't be
// reached within `retry_for`.
//
// A key is the object's, below the prefix; a folder is what the keys below it have in common. That a key and a folder do not mix is
// checked by Create() and not by the bucket, so two writers at one moment can break it. A program that dies leaves the uploads that it had
// begun: no listing shows them, and a life-cycle rule of the bucket (AbortIncompleteMultipartUpload) removes them.
absl::StatusOr<std::unique_ptr<store::Blobs>> OpenBlobS3(const store::S3Config& config);

}  // namespace starling::blob_s3

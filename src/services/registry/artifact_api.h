// ArtifactService on the blobs.
#pragma once

#include <cstdint>

#include "core/async/pool.h"
#include "core/store/blobs.h"
#include "starling/registry/v1/artifacts.starling.h"

namespace starling::registry {

// Thread-safe. The blobs outlive it. A tenant's artifacts lie below its name.
class ArtifactApi final : public v1::ArtifactService {
 public:
  ArtifactApi(store::Blobs& blobs, int64_t max_bytes);

  // INVALID_ARGUMENT for a path that leads elsewhere, or none; RESOURCE_EXHAUSTED past the limit. Whatever ends it early, nothing is left.
  async::Task<absl::StatusOr<v1::Artifact>> UploadArtifact(
      RequestContext context, async::Stream<v1::UploadArtifactRequest> requests) override;
  async::Stream<v1::ArtifactChunk> DownloadArtifact(RequestContext context,
                                                    v1::DownloadArtifactRequest request) override;
  async::Task<absl::StatusOr<v1::ListArtifactsResponse>> ListArtifacts(
      RequestContext context, const v1::ListArtifactsRequest& request) override;
  async::Task<absl::StatusOr<v1::Empty>> DeleteArtifact(RequestContext context,
                                                        const v1::DeleteArtifactRequest& request) override;

 private:
  store::Blobs& blobs_;
  const int64_t max_bytes_;
  async::Pool pool_;
};

}  // namespace starling::registry

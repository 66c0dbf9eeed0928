// MLflow's proxied artifacts: files by path, on ArtifactService.
#pragma once

#include "core/http/routing/adapter.h"
#include "starling/registry/v1/artifacts.starling.h"

namespace starling::registry {

// Thread-safe. The endpoint outlives it.
class MlflowArtifacts {
 public:
  explicit MlflowArtifacts(rpc::Endpoint& endpoint) : service_(endpoint) {}

  async::Task<absl::Status> List(http::AdapterCall& call);
  async::Task<absl::Status> Get(http::AdapterCall& call);
  async::Task<absl::Status> Put(http::AdapterCall& call);
  async::Task<absl::Status> Delete(http::AdapterCall& call);

 private:
  v1::ArtifactServiceStub service_;
};

}  // namespace starling::registry

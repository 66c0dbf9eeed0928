// The methods of inference.GRPCInferenceService that carry no tensors.
#pragma once

#include "inference/grpc_service.starling.h"
#include "services/models/oip/server_settings.h"
#include "services/models/oip/shared_memory.h"
#include "services/models/repository/model_repository.h"

namespace starling::models::oip {

// Thread-safe. What it refers to outlives it.
class OpenInferenceService final : public ::inference::GRPCInferenceService {
 public:
  OpenInferenceService(ModelRepository& repository, SharedMemory& shared_memory)
      : repository_(repository), shared_memory_(shared_memory) {}

#define STARLING_UNARY(name)                                     \
  async::Task<absl::StatusOr<::inference::name##Response>> name( \
      RequestContext context, const ::inference::name##Request& request) override
  STARLING_UNARY(ServerLive);
  STARLING_UNARY(ServerReady);
  STARLING_UNARY(ModelReady);
  STARLING_UNARY(ServerMetadata);
  STARLING_UNARY(ModelMetadata);
  STARLING_UNARY(ModelConfig);
  STARLING_UNARY(ModelStatistics);
  STARLING_UNARY(RepositoryIndex);
  STARLING_UNARY(RepositoryModelLoad);
  STARLING_UNARY(RepositoryModelUnload);
  STARLING_UNARY(SystemSharedMemoryStatus);
  STARLING_UNARY(SystemSharedMemoryRegister);
  STARLING_UNARY(SystemSharedMemoryUnregister);
  STARLING_UNARY(CudaSharedMemoryStatus);
  STARLING_UNARY(CudaSharedMemoryRegister);
  STARLING_UNARY(CudaSharedMemoryUnregister);
  STARLING_UNARY(TraceSetting);
  STARLING_UNARY(LogSettings);
  // Tensors come and go another way: see OpenInferenceEndpoint. These are UNIMPLEMENTED.
  STARLING_UNARY(ModelInfer);
#undef STARLING_UNARY
  async::Stream<::inference::ModelStreamInferResponse> ModelStreamInfer(
      RequestContext context, async::Stream<::inference::ModelInferRequest> requests) override;

 private:
  ModelRepository& repository_;
  SharedMemory& shared_memory_;
};

}  // namespace starling::models::oip

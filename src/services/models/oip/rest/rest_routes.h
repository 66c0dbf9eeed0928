// The protocol's paths over HTTP. Sources: inference_rest.md; docs/protocol of triton-inference-server/server.
#pragma once

#include <vector>

#include "core/http/routing/adapter.h"

namespace starling::models::oip {

// Where a path has both, the model's name is the first variable and its version the second.
enum Operation {
  kServerLive,
  kServerReady,
  kServerMetadata,
  kModelMetadata,
  kModelReady,
  kModelConfig,
  kModelStatistics,
  kInfer,
  kRepositoryIndex,
  kModelLoad,
  kModelUnload,
  kGetLogging,
  kSetLogging,
  kGetTrace,
  kSetTrace,
  kMemoryStatus,
  kMemoryRegister,
  kMemoryUnregister,
  kCudaStatus,
  kCudaRegister,
  kCudaUnregister,
};

std::vector<http::AdapterRoute> RestRoutes();

}  // namespace starling::models::oip

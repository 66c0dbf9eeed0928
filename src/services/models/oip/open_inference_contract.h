// The contract of inference.GRPCInferenceService, with this folder's messages where tensors are.
#pragma once

#include <string_view>

#include "core/rpc/method.h"

namespace starling::models::oip {

// As generated from api/inference/grpc_service.proto, but that the requests and responses of ModelInfer and ModelStreamInfer are
// InferMessages.
const rpc::Contract& OpenInferenceContract();

// Aborts if there is none of this name: names are literals.
const rpc::Method& OpenInferenceMethod(std::string_view name);

}  // namespace starling::models::oip

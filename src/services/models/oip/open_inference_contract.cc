#include "services/models/oip/open_inference_contract.h"

#include <cstdlib>
#include <vector>

#include "inference/grpc_service.starling.h"
#include "services/models/oip/infer_message.h"

namespace starling::models::oip {
namespace {

std::vector<rpc::Method> MakeMethods() {
  const rpc::Contract& generated = ::inference::GRPCInferenceServiceContract();
  std::vector<rpc::Method> methods(generated.methods.begin(), generated.methods.end());
  for (rpc::Method& method : methods) {
    if (method.name == "ModelInfer") {
      method.request = &InferRequestType();
      method.response = &InferResponseType();
    } else if (method.name == "ModelStreamInfer") {
      method.request = &StreamedRequestType();
      method.response = &StreamedInferType();
    }
  }
  return methods;
}

}  // namespace

const rpc::Contract& OpenInferenceContract() {
  static const std::vector<rpc::Method> methods = MakeMethods();
  static const rpc::Contract contract = [] {
    rpc::Contract made = ::inference::GRPCInferenceServiceContract();
    made.methods = methods;
    return made;
  }();
  return contract;
}

const rpc::Method& OpenInferenceMethod(std::string_view name) {
  for (const rpc::Method& method : OpenInferenceContract().methods) {
    if (method.name == name) return method;
  }
  std::abort();
}

}  // namespace starling::models::oip

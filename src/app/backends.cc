#include "app/backends.h"

#include "backends/inference_openvino/openvino_runtime.h"
#include "backends/inference_xgboost/xgboost_runtime.h"

namespace starling::app {

void AddBackends(inference::RuntimeRegistry& runtimes) {
#define STARLING_INFERENCE_RUNTIME(name, factory) runtimes.Add(name, factory);
#include "app/backends.def"
#undef STARLING_INFERENCE_RUNTIME
}

}  // namespace starling::app

// Triton's config.pbtxt as a model package. Names: triton-inference-server/common, protobuf/model_config.proto.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/inference/package/model_package.h"

namespace starling::inference {

// Which of a model's versions its config.pbtxt wants loaded.
struct TritonVersionPolicy {
  size_t latest = 1;
  bool all = false;
  std::vector<std::string> specific;  // if any, these and no others
};

struct TritonConfig {
  ModelPackage package;  // of source.version
  TritonVersionPolicy versions;
};

// Reads source.file. A field that only says how fast or how observed the model should be, and has no meaning here, is named in
// package.warnings; one that would change answers, or that is unknown, is INVALID_ARGUMENT or UNIMPLEMENTED
// "<file>:<line>: <what>". Tensors that it does not list are taken from the model file (package.inputs and outputs empty).
absl::StatusOr<TritonConfig> ReadTritonConfig(const PackageSource& source);

}  // namespace starling::inference

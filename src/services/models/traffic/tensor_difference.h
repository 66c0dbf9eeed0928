// Whether the answers of two versions agree.
#pragma once

#include <string>
#include <vector>

#include "core/inference/tensor.h"

namespace starling::models {

struct Tolerance {
  double absolute = 0;
  double relative = 0;  // of the larger of the two
};

struct NamedOutputs {
  std::vector<std::string> names;
  std::vector<inference::Tensor> tensors;  // in their order
};

// By name: the same names, types, shapes and elements. Elements of FP16, BF16, FP32 and FP64 within the tolerance, NaN like NaN; of all
// other types the same bytes.
bool Agree(const NamedOutputs& a, const NamedOutputs& b, const Tolerance& tolerance);

}  // namespace starling::models

// A look at a model file before any runtime reads or maps it.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace starling::inference {

// NOT_FOUND if it is no regular file, and no folder with a saved_model.pb (a TensorFlow SavedModel). INVALID_ARGUMENT if it is
// empty, or of a format that can run code when it is loaded: Python pickles and what holds or packs them (joblib, PyTorch,
// NumPy objects), Python source, Keras files with lambdas (HDF5, .keras), TensorFlow graphs with py_function, programs and
// libraries. The messages are for operators: they say why, and what to do.
absl::Status CheckModelFile(const std::string& path);

}  // namespace starling::inference

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace starling::inference_xgboost {

// The bytes of the file. NOT_FOUND if it is no file; INVALID_ARGUMENT if it is larger than `max_bytes`.
absl::StatusOr<std::string> ReadModelFile(const std::string& path, size_t max_bytes);

// INVALID_ARGUMENT with a sentence that says why for formats that are known and not read, pickles above all.
absl::Status RefuseOtherFormats(std::string_view bytes);

}  // namespace starling::inference_xgboost

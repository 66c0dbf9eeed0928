#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "starling/models/v1/models.pb.h"

namespace starling::app {

// One line for each version under a line of headings, in aligned columns; what is empty is `-`, so that programs can split at spaces. Why a
// version is not ready stands last. Lines are cut to `width` columns (0: not at all).
std::string ModelsTable(const models::v1::ListModelsResponse& listed,
                        std::chrono::system_clock::time_point now, size_t width);

}  // namespace starling::app

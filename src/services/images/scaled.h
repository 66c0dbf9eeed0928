// From an image of any size to the few pixels that a model takes.
#pragma once

#include <cstddef>
#include <vector>

#include "core/inference/image_decoder.h"

namespace starling::images {

// `side` x `side` numbers from 0 (paper) to 1 (ink), row by row: each the mean of the pixels that it covers, in part or whole. An
// image whose rim is rather light than dark is taken for dark ink on light paper. `image` has at least one pixel.
std::vector<float> ScaledInk(const inference::GrayImage& image, size_t side);

}  // namespace starling::images

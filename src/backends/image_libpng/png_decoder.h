// PNG by libpng.
#pragma once

#include <memory>

#include "core/inference/image_decoder.h"

namespace starling::image_libpng {

std::unique_ptr<inference::ImageDecoder> MakeDecoder();

}  // namespace starling::image_libpng

// JPEG by libjpeg-turbo.
#pragma once

#include <memory>

#include "core/inference/image_decoder.h"

namespace starling::image_turbojpeg {

std::unique_ptr<inference::ImageDecoder> MakeDecoder();

}  // namespace starling::image_turbojpeg

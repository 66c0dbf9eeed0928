#pragma once

#include "core/inference/image_decoder.h"
#include "core/inference/runtime.h"
#include "core/store/stores.h"

namespace starling::app {

// Makes the products of backends.def known, under their names. Cheap: each runtime and store is made when it is first
// asked for.
void AddBackends(inference::RuntimeRegistry& runtimes, inference::ImageDecoders& image_decoders,
                 store::Stores& stores);

}  // namespace starling::app

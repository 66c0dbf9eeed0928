#pragma once

#include "core/inference/runtime.h"
#include "core/store/stores.h"

namespace starling::app {

// Makes the products of backends.def known under their names. Cheap: each is loaded when it is first asked for.
void AddBackends(inference::RuntimeRegistry& runtimes, store::Stores& stores);

}  // namespace starling::app

// What every product behind Blobs must do: a suite of tests that each backend's test instantiates.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/store/blobs.h"

namespace starling::store {

// Registers the tests `BlobConformance/NAME.*` with GoogleTest. `fresh` makes an empty store for each test.
void RegisterBlobConformance(const std::string& name, std::function<std::shared_ptr<Blobs>()> fresh);

}  // namespace starling::store

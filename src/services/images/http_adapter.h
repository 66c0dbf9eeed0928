// POST /classify-image: images come as files, forms or JSON, which the contract's own routes could not tell apart.
#pragma once

#include "core/run/service.h"

namespace starling::images {

run::AdapterDefinition HttpAdapter();

}  // namespace starling::images

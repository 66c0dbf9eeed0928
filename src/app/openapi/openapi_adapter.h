// An adapter's routes for OpenAPI.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/rpc/method.h"
#include "core/run/service.h"

namespace starling::app {

// The document of an adapter's routes, in the form of rpc::Contract::openapi; it refers to the components of app/openapi/openapi_base.h and to
// those schemas of `contracts`, the service's own, that its routes share. Routes that nobody may call are left out. INTERNAL if a
// route without a summary has no method there that says what it takes.
absl::StatusOr<std::string> AdapterOpenApi(const run::AdapterDefinition& adapter,
                                           const std::vector<const rpc::Contract*>& contracts);

}  // namespace starling::app

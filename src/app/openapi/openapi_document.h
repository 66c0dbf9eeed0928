// The OpenAPI 3.1 document of a listener: the documents of its contracts in one, with what holds for all of them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "app/placements.h"
#include "core/rpc/method.h"

namespace starling::app {

// Of the public listeners: the contracts and adapters of the placed services, in the order of `definitions`, and /livez and /readyz. The same
// bytes for the same services, wherever they run. INTERNAL if a contract's document is not what rpc::Contract::openapi says.
absl::StatusOr<std::string> PublicDocument(const std::vector<run::ServiceDefinition>& definitions,
                                           const PlacementPlan& plan);

// Of the admin listener.
absl::StatusOr<std::string> AdminDocument(const rpc::Contract& admin);

}  // namespace starling::app

#include "app/openapi/openapi_document.h"

#include <algorithm>

#include "app/openapi/openapi_adapter.h"
#include "app/openapi/openapi_base.h"
#include "app/openapi/openapi_merge.h"
#include "base/status.h"

namespace starling::app {

absl::StatusOr<std::string> PublicDocument(const std::vector<run::ServiceDefinition>& definitions,
                                           const PlacementPlan& plan) {
  OpenApiMerge merge;
  for (const run::ServiceDefinition& definition : definitions) {
    const bool placed = std::any_of(plan.services.begin(), plan.services.end(), [&](const auto& service) {
      return service.first->name == definition.name;
    });
    if (!placed) continue;
    for (const rpc::Contract* contract : definition.contracts) RETURN_IF_ERROR(merge.Add(*contract));
    for (const run::AdapterDefinition& adapter : definition.adapters) {
      ASSIGN_OR_RETURN(const std::string document, AdapterOpenApi(adapter, definition.contracts));
      RETURN_IF_ERROR(merge.Add({adapter.name, {}, {}, document}));
    }
  }
  return merge.Document(PublicBase());
}

absl::StatusOr<std::string> AdminDocument(const rpc::Contract& admin) {
  OpenApiMerge merge;
  RETURN_IF_ERROR(merge.Add(admin));
  return merge.Document(AdminBase());
}

}  // namespace starling::app

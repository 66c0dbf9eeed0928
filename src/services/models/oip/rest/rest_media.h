// What /openapi.json says of the protocol's JSON bodies, so that /docs can send them. Sources: inference_rest.md; docs/protocol of
// triton-inference-server/server.
#pragma once

#include <string_view>

#include "services/models/oip/rest/rest_routes.h"

namespace starling::models::oip {

// OpenAPI's Media Type Objects, as JSON; empty: nothing is said.
struct RestMedia {
  std::string_view body;
  std::string_view answer;
};

RestMedia MediaOf(Operation operation);

}  // namespace starling::models::oip

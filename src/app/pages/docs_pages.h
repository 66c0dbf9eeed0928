// The page /docs: Swagger UI on /openapi.json, offline.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "core/async/pool.h"
#include "core/http/exchange.h"
#include "core/http/routing/router.h"

namespace starling::app {

// Adds /docs, its files, and /docs/ as a redirect. The handlers go into `kept`, which outlives the router, as `pool` does.
absl::Status AddDocsPages(http::Router& router, async::Pool& pool,
                          std::vector<std::unique_ptr<http::Handler>>& kept);

}  // namespace starling::app

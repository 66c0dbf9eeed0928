// What a listener counts, as metrics.
#pragma once

#include <string>
#include <vector>

#include "core/http/stats.h"
#include "core/observe/registry.h"

namespace starling::app {

// `stats` must outlive the registrations. `name` is the label `starling.listener`: "http", "grpc", "admin", "inner".
std::vector<observe::CallbackRegistration> ExportListener(observe::Registry& registry,
                                                          const std::string& name, const http::Stats& stats);

}  // namespace starling::app

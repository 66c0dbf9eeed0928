#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "core/async/task.h"
#include "core/http/exchange.h"

namespace starling::http {

// Answers with the product's error body for `status`. `http_status` overrides the table where HTTP is finer than the codes
// (405, 413, 415); `headers` are added.
async::Task<void> RespondError(Exchange& exchange, absl::Status status, std::string_view request_id,
                               int http_status = 0, Headers headers = {});

}  // namespace starling::http

// Failures of a service that another one calls for what its settings name.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace starling::rpc {

// What a caller hears of a failure behind a setting (`setting`: "sentiment.model") that he neither knows nor can mend: NOT_FOUND
// and FAILED_PRECONDITION become INTERNAL, whose message goes to the log alone. All others pass.
absl::Status BehindSetting(const absl::Status& status, std::string_view setting);

}  // namespace starling::rpc

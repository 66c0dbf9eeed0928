#pragma once

#include "absl/status/status.h"

namespace starling::rpc {

// Whether the transport knows that the peer has not begun this call (refused, never connected): such a call may be sent
// again whatever it does. Set by transports, read by BalancedEndpoint, never sent on a wire.
absl::Status WithNotProcessed(absl::Status status);
bool NotProcessed(const absl::Status& status);

}  // namespace starling::rpc

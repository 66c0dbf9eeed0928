// The small JSON bodies of the protocol's extensions. An empty body is an object without members. INVALID_ARGUMENT for what is none.
#pragma once

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "services/models/oip/infer.h"
#include "services/models/oip/server_settings.h"

namespace starling::models::oip {

// {"name": scalar, ...}
absl::StatusOr<Parameters> ReadFlatBody(const Bytes& body);
// {"parameters": {"name": scalar, ...}}
absl::StatusOr<Parameters> ReadParametersBody(const Bytes& body);
// {"name": "value" | ["value", ...] | null, ...}; numbers count as their text, null as no values.
absl::StatusOr<TraceSettings> ReadTraceBody(const Bytes& body);

}  // namespace starling::models::oip

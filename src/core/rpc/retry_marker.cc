#include "core/rpc/retry_marker.h"

#include "absl/strings/cord.h"

namespace starling::rpc {
namespace {
constexpr char kNotProcessedUrl[] = "starling/not-processed";
}

absl::Status WithNotProcessed(absl::Status status) {
  status.SetPayload(kNotProcessedUrl, absl::Cord());
  return status;
}

bool NotProcessed(const absl::Status& status) { return status.GetPayload(kNotProcessedUrl).has_value(); }

}  // namespace starling::rpc

#include "core/rpc/behind_setting.h"

#include "base/status.h"

namespace starling::rpc {

absl::Status BehindSetting(const absl::Status& status, std::string_view setting) {
  if (!absl::IsNotFound(status) && !absl::IsFailedPrecondition(status)) return status;
  return Internal(setting, ": ", Message(status));
}

}  // namespace starling::rpc

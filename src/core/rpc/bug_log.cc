#include "core/rpc/bug_log.h"

#include <exception>
#include <optional>

#include "absl/strings/cord.h"
#include "base/status.h"
#include "core/observe/bug.h"

namespace starling::rpc {
namespace {

constexpr char kLoggedUrl[] = "starling/logged";

bool IsBug(const absl::Status& status) {
  return status.code() == absl::StatusCode::kInternal || status.code() == absl::StatusCode::kUnknown ||
         status.code() == absl::StatusCode::kDataLoss;
}

}  // namespace

void LogBug(const RequestContext& context, std::string_view where, observe::LogLimiter& limiter,
            absl::Status* status) {
  if (!IsBug(*status) || status->GetPayload(kLoggedUrl).has_value()) return;
  status->SetPayload(kLoggedUrl, absl::Cord());
  const std::optional<uint64_t> suppressed = limiter.Allow();
  if (!suppressed.has_value()) return;
  observe::LogError(context, "a call failed inside",
                    {{"where", where},
                     {"code", CodeName(status->code())},
                     {"what", Message(*status)},
                     {"suppressed", *suppressed}});
}

absl::Status ThrownBug(const RequestContext& context, std::string_view where) {
  observe::ReportBug(context, where, std::current_exception());
  absl::Status status = Internal("A handler threw an exception.");
  status.SetPayload(kLoggedUrl, absl::Cord());
  return status;
}

}  // namespace starling::rpc

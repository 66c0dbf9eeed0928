#include "core/context/request_context.h"

#include <algorithm>

namespace starling {

bool Principal::HasScope(std::string_view scope) const {
  return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

RequestContext::RequestContext() {
  static const auto& nobody = *new std::shared_ptr<const RequestOrigin>(std::make_shared<RequestOrigin>());
  origin_ = nobody;
}

absl::Status RequestContext::Check() const {
  if (cancel_.cancelled()) return cancel_.status();
  if (has_deadline() && std::chrono::steady_clock::now() >= deadline_) {
    return absl::DeadlineExceededError("The deadline passed.");
  }
  return absl::OkStatus();
}

RequestContext RequestContext::WithDeadline(MonotonicTime deadline) const {
  RequestContext copy = *this;
  copy.deadline_ = std::min(deadline_, deadline);
  return copy;
}

RequestContext RequestContext::WithCancel(CancelToken cancel) const {
  RequestContext copy = *this;
  copy.cancel_ = std::move(cancel);
  return copy;
}

RequestContext RequestContext::WithTrace(const TraceContext& trace) const {
  RequestContext copy = *this;
  copy.trace_ = trace;
  return copy;
}

RequestContext RequestContext::WithOrigin(std::shared_ptr<const RequestOrigin> origin) const {
  RequestContext copy = *this;
  copy.origin_ = std::move(origin);
  return copy;
}

}  // namespace starling

#include "core/grpc/metadata.h"

#include <utility>

#include "base/status.h"
#include "core/grpc/status_codec.h"
#include "core/grpc/timeout.h"

namespace starling::grpc {
std::string EncodeValue(std::string_view value) { return EncodeMessage(value); }
std::string DecodeValue(std::string_view value) { return DecodeMessage(value); }

absl::StatusOr<MonotonicTime> ReadDeadline(const http::Request& request) {
  const auto header = request.headers.Get("grpc-timeout");
  if (!header.has_value()) return kNoDeadline;
  const auto timeout = ParseTimeout(*header);
  if (!timeout.has_value()) return InvalidArgument("The grpc-timeout '", *header, "' is malformed.");
  return std::chrono::steady_clock::now() + *timeout;
}

void WriteContext(const RequestContext& context, bool trusted, http::Headers* headers) {
  if (context.has_deadline()) {
    headers->Add("grpc-timeout", FormatTimeout(context.deadline() - std::chrono::steady_clock::now()));
  }
  if (context.trace().valid()) {
    headers->Add("traceparent", context.trace().ToTraceparent());
    if (!context.origin()->tracestate.empty()) headers->Add("tracestate", context.origin()->tracestate);
  }
  if (!context.request_id().empty()) headers->Add("x-request-id", context.request_id());
  if (!trusted) return;
  if (!context.principal().name.empty())
    headers->Add("x-starling-principal", EncodeValue(context.principal().name));
  if (context.tenant() != "default") headers->Add("x-starling-tenant", EncodeValue(context.tenant()));
}

}  // namespace starling::grpc

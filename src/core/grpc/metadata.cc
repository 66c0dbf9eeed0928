#include "core/grpc/metadata.h"

#include <utility>

#include "base/status.h"
#include "core/grpc/status_codec.h"
#include "core/grpc/timeout.h"

namespace starling::grpc {
namespace {

constexpr size_t kMaxRequestId = 128;
constexpr size_t kMaxTracestate = 512;

// An id goes into logs and answers: only what is harmless there.
bool IsPlainId(std::string_view id) {
  if (id.empty() || id.size() > kMaxRequestId) return false;
  for (const char c : id) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_' || c == '.' || c == ':';
    if (!plain) return false;
  }
  return true;
}

std::string NewRequestId() {
  TraceContext id;
  id.span_id = RandomId();
  return id.SpanIdHex();
}

}  // namespace

std::string EncodeValue(std::string_view value) { return EncodeMessage(value); }
std::string DecodeValue(std::string_view value) { return DecodeMessage(value); }

absl::StatusOr<Principal> Identify(const http::Request& request, http::Authenticator* authenticator) {
  if (authenticator != nullptr) return authenticator->Authenticate(request);
  Principal principal;
  if (request.peer != nullptr && request.peer->unix_socket) {
    principal.kind = Principal::Kind::kService;
    principal.name = "parent";
  }
  return principal;
}

absl::Status CheckAccess(const rpc::Method& method, const Principal& caller) {
  if (caller.kind == Principal::Kind::kService) return absl::OkStatus();
  const bool named = caller.kind != Principal::Kind::kAnonymous;
  switch (method.access) {
    case rpc::Access::kPublic:
      return absl::OkStatus();
    case rpc::Access::kAuthenticated:
      if (named) return absl::OkStatus();
      break;
    case rpc::Access::kScope:
      if (named && caller.HasScope(method.scope)) return absl::OkStatus();
      if (named) return PermissionDenied("This needs the scope '", method.scope, "'.");
      break;
    case rpc::Access::kNobody:
    case rpc::Access::kService:
      return PermissionDenied("This method is not open to callers from outside.");
  }
  return Unauthenticated("This needs a key or a certificate.");
}

absl::StatusOr<RequestContext> ReadContext(const http::Request& request, Principal caller,
                                           CancelToken cancel) {
  auto origin = std::make_shared<RequestOrigin>();
  TraceContext trace;
  MonotonicTime deadline = kNoDeadline;
  const bool service = caller.kind == Principal::Kind::kService;
  // The parent's own socket says nothing of a caller when there is none; a certificate is a caller itself.
  if (service && request.peer != nullptr && request.peer->unix_socket) caller = Principal();
  origin->principal = std::move(caller);
  for (const auto& [name, value] : request.headers) {
    if (name == "grpc-timeout") {
      const auto timeout = ParseTimeout(value);
      if (!timeout.has_value()) return InvalidArgument("The grpc-timeout '", value, "' is malformed.");
      deadline = std::chrono::steady_clock::now() + *timeout;
    } else if (name == "traceparent") {
      if (const auto parent = TraceContext::FromTraceparent(value)) trace = *parent;
    } else if (name == "tracestate") {
      if (value.size() <= kMaxTracestate) origin->tracestate = value;
    } else if (name == "x-request-id") {
      if (IsPlainId(value)) origin->request_id = value;
    } else if (service && name == "x-starling-principal") {
      origin->principal = Principal{Principal::Kind::kApiKey, DecodeValue(value), {}};
    } else if (service && name == "x-starling-tenant") {
      origin->tenant = DecodeValue(value);
    }
  }
  trace = trace.valid() ? trace.NewChild() : TraceContext::NewRoot(false);
  if (origin->request_id.empty()) origin->request_id = NewRequestId();
  return RequestContext(std::move(origin), deadline, std::move(cancel), trace);
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

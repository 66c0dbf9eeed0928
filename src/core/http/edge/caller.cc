#include "core/http/edge/caller.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/status.h"

namespace starling::http {
namespace {

constexpr size_t kMaxRequestId = 128;
constexpr size_t kMaxTracestate = 512;

bool IsPlainId(std::string_view id) {
  if (id.empty() || id.size() > kMaxRequestId) return false;
  for (const char c : id) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_' || c == '.' || c == ':';
    if (!plain) return false;
  }
  return true;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

absl::StatusOr<Principal> Identify(const Request& request, Authenticator* authenticator) {
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
      if (caller.HasScope(method.scope)) return absl::OkStatus();
      if (named) return PermissionDenied("This needs the scope '", method.scope, "'.");
      break;
    case rpc::Access::kNobody:
    case rpc::Access::kService:
      return PermissionDenied("This method is not open to callers from outside.");
  }
  return Unauthenticated("This needs a key or a certificate.");
}

std::string RequestIdOf(const Request& request) {
  const auto id = request.headers.Get("x-request-id");
  if (id.has_value() && IsPlainId(*id)) return std::string(*id);
  TraceContext fresh;
  fresh.span_id = RandomId();
  return fresh.SpanIdHex();
}

Arrival ReadArrival(const Request& request, Principal caller, std::string request_id) {
  auto origin = std::make_shared<RequestOrigin>();
  Arrival arrival;
  const bool service = caller.kind == Principal::Kind::kService;
  // The parent's own socket says nothing of a caller when there is none; a certificate is a caller itself.
  if (service && request.peer != nullptr && request.peer->unix_socket) caller = Principal();
  origin->principal = std::move(caller);
  origin->request_id = std::move(request_id);
  for (const auto& [name, value] : request.headers) {
    if (name == "traceparent") {
      arrival.trace = TraceContext::FromTraceparent(value);
    } else if (name == "tracestate") {
      if (value.size() <= kMaxTracestate) origin->tracestate = value;
    } else if (service && name == "x-starling-principal") {
      origin->principal = Principal{Principal::Kind::kApiKey, PercentDecode(value, false).value_or(""), {}};
    } else if (service && name == "x-starling-tenant") {
      origin->tenant = PercentDecode(value, false).value_or("default");
    }
  }
  arrival.origin = std::move(origin);
  return arrival;
}

absl::StatusOr<std::chrono::milliseconds> AskedTimeout(const Request& request,
                                                       std::chrono::milliseconds longest) {
  const auto header = request.headers.Get("x-request-timeout-ms");
  if (!header.has_value()) return longest;
  int64_t asked = 0;
  const auto [end, error] = std::from_chars(header->data(), header->data() + header->size(), asked);
  if (error != std::errc() || end != header->data() + header->size() || asked <= 0) {
    return InvalidArgument("The header x-request-timeout-ms must be a positive number of milliseconds.");
  }
  return std::min(longest, std::chrono::milliseconds(asked));
}

std::optional<std::string> PercentDecode(std::string_view text, bool plus) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(plus && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

}  // namespace starling::http

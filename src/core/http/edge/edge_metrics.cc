#include "core/http/edge/edge_metrics.h"

#include <optional>
#include <string_view>

namespace starling::http {
namespace {

std::string_view NameOf(Refused why) {
  switch (why) {
    case Refused::kTooManyConnections:
      return "too_many_connections";
    case Refused::kWrongUser:
      return "wrong_user";
    case Refused::kHandshakeFailed:
      return "handshake_failed";
    case Refused::kHandshakeTimeout:
      return "handshake_timeout";
    case Refused::kIdleTimeout:
      return "idle_timeout";
    case Refused::kWriteTimeout:
      return "write_timeout";
    case Refused::kMalformed:
      return "malformed";
    case Refused::kHeaderTimeout:
      return "header_timeout";
    case Refused::kHeaderTooLarge:
      return "header_too_large";
    case Refused::kTooManyHeaders:
      return "too_many_headers";
    case Refused::kTargetTooLong:
      return "target_too_long";
    case Refused::kExpectation:
      return "expectation";
    case Refused::kNotSupported:
      return "not_supported";
    case Refused::kBodyTooLarge:
      return "body_too_large";
    case Refused::kBodyTimeout:
      return "body_timeout";
    case Refused::kInvalidInput:
      return "invalid_input";
    case Refused::kUnauthenticated:
      return "unauthenticated";
    case Refused::kPermissionDenied:
      return "permission_denied";
    case Refused::kNotAcceptable:
      return "not_acceptable";
    case Refused::kUnsupportedMediaType:
      return "unsupported_media_type";
    case Refused::kCount:
      break;
  }
  return "";
}

std::optional<Refused> ReasonOf(int status) {
  switch (status) {
    case 400:
      return Refused::kInvalidInput;
    case 401:
      return Refused::kUnauthenticated;
    case 403:
      return Refused::kPermissionDenied;
    case 406:
      return Refused::kNotAcceptable;
    case 408:
      return Refused::kBodyTimeout;
    case 413:
      return Refused::kBodyTooLarge;
    case 415:
      return Refused::kUnsupportedMediaType;
    default:
      return std::nullopt;
  }
}

}  // namespace

EdgeMetrics::EdgeMetrics(observe::Registry& registry) {
  auto& refused = registry.Counters({.name = "http.server.refused",
                                     .unit = "{refusal}",
                                     .help = "Requests and connections turned away at the edge, by reason.",
                                     .labels = {"reason"},
                                     .buckets = {}});
  // All at once, so that each is there to be watched before it first happens.
  for (size_t i = 0; i < refused_.size(); ++i) refused_[i] = refused.With({NameOf(static_cast<Refused>(i))});
}

void EdgeMetrics::CountAnswer(int status) const {
  if (const auto reason = ReasonOf(status)) Count(*reason);
}

}  // namespace starling::http

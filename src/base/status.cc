#include "base/status.h"

#include <charconv>

#include "absl/strings/cord.h"

namespace starling {
namespace {

// Payloads are keyed by type URL. The two below are the protobuf wire form of google.rpc.RetryInfo and
// google.rpc.BadRequest (googleapis, google/rpc/error_details.proto), so a gRPC edge passes them on unchanged.
constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";
constexpr char kBadRequestUrl[] = "type.googleapis.com/google.rpc.BadRequest";

void AppendVarint(std::string* out, uint64_t value) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

bool ReadVarint(std::string_view* in, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64 && !in->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in->front());
    in->remove_prefix(1);
    *value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

void AppendField(std::string* out, int number, std::string_view value) {
  AppendVarint(out, static_cast<uint64_t>(number) << 3 | 2);
  AppendVarint(out, value.size());
  out->append(value);
}

}  // namespace

std::string_view CodeName(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return "OK";
    case absl::StatusCode::kCancelled:
      return "CANCELLED";
    case absl::StatusCode::kInvalidArgument:
      return "INVALID_ARGUMENT";
    case absl::StatusCode::kDeadlineExceeded:
      return "DEADLINE_EXCEEDED";
    case absl::StatusCode::kNotFound:
      return "NOT_FOUND";
    case absl::StatusCode::kAlreadyExists:
      return "ALREADY_EXISTS";
    case absl::StatusCode::kPermissionDenied:
      return "PERMISSION_DENIED";
    case absl::StatusCode::kResourceExhausted:
      return "RESOURCE_EXHAUSTED";
    case absl::StatusCode::kFailedPrecondition:
      return "FAILED_PRECONDITION";
    case absl::StatusCode::kAborted:
      return "ABORTED";
    case absl::StatusCode::kOutOfRange:
      return "OUT_OF_RANGE";
    case absl::StatusCode::kUnimplemented:
      return "UNIMPLEMENTED";
    case absl::StatusCode::kInternal:
      return "INTERNAL";
    case absl::StatusCode::kUnavailable:
      return "UNAVAILABLE";
    case absl::StatusCode::kDataLoss:
      return "DATA_LOSS";
    case absl::StatusCode::kUnauthenticated:
      return "UNAUTHENTICATED";
    default:
      return "UNKNOWN";
  }
}

absl::Status WithRetryAfter(absl::Status status, std::chrono::milliseconds delay) {
  // RetryInfo { Duration retry_delay = 1 { int64 seconds = 1; int32 nanos = 2; } }
  std::string duration;
  const int64_t count = delay.count() < 0 ? 0 : delay.count();
  AppendVarint(&duration, 1 << 3);
  AppendVarint(&duration, static_cast<uint64_t>(count / 1000));
  AppendVarint(&duration, 2 << 3);
  AppendVarint(&duration, static_cast<uint64_t>(count % 1000 * 1000000));
  std::string info;
  AppendField(&info, 1, duration);
  status.SetPayload(kRetryInfoUrl, absl::Cord(info));
  return status;
}

std::optional<std::chrono::milliseconds> RetryAfter(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetryInfoUrl);
  if (!payload.has_value()) return std::nullopt;
  const std::string bytes(*payload);
  std::string_view in(bytes);
  uint64_t tag = 0, size = 0, seconds = 0, nanos = 0;
  if (!ReadVarint(&in, &tag) || tag != (1 << 3 | 2) || !ReadVarint(&in, &size) || size != in.size()) {
    return std::nullopt;
  }
  while (!in.empty()) {
    uint64_t value = 0;
    if (!ReadVarint(&in, &tag) || !ReadVarint(&in, &value)) return std::nullopt;
    if (tag == 1 << 3) seconds = value;
    if (tag == 2 << 3) nanos = value;
  }
  // A day is more than any caller waits; the bound keeps a hostile peer from overflowing the sum.
  if (seconds > 86400 || nanos > 999999999) return std::chrono::milliseconds(86400000);
  return std::chrono::milliseconds(seconds * 1000 + nanos / 1000000);
}

absl::Status ViolationError(const FieldViolation& violation) {
  // BadRequest { repeated FieldViolation field_violations = 1 { field = 1, description = 2, reason = 3 } }
  std::string entry;
  AppendField(&entry, 1, violation.field);
  AppendField(&entry, 2, violation.description);
  AppendField(&entry, 3, violation.rule);
  std::string bad_request;
  AppendField(&bad_request, 1, entry);
  absl::Status status = absl::InvalidArgumentError(violation.description);
  status.SetPayload(kBadRequestUrl, absl::Cord(bad_request));
  return status;
}

}  // namespace starling

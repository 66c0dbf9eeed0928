// Errors as values: short constructors for absl::Status, the macros that pass errors on, and the two pieces of
// detail that travel with a status through every placement and protocol.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/strings.h"

namespace starling {

#define STARLING_STATUS_FUNCTION(Name)         \
  template <typename... Args>                  \
  absl::Status Name(const Args&... args) {     \
    return absl::Name##Error(StrCat(args...)); \
  }
STARLING_STATUS_FUNCTION(Aborted)
STARLING_STATUS_FUNCTION(AlreadyExists)
STARLING_STATUS_FUNCTION(Cancelled)
STARLING_STATUS_FUNCTION(DataLoss)
STARLING_STATUS_FUNCTION(DeadlineExceeded)
STARLING_STATUS_FUNCTION(FailedPrecondition)
STARLING_STATUS_FUNCTION(Internal)
STARLING_STATUS_FUNCTION(InvalidArgument)
STARLING_STATUS_FUNCTION(NotFound)
STARLING_STATUS_FUNCTION(OutOfRange)
STARLING_STATUS_FUNCTION(PermissionDenied)
STARLING_STATUS_FUNCTION(ResourceExhausted)
STARLING_STATUS_FUNCTION(Unauthenticated)
STARLING_STATUS_FUNCTION(Unavailable)
STARLING_STATUS_FUNCTION(Unimplemented)
#undef STARLING_STATUS_FUNCTION

inline std::string_view Message(const absl::Status& status) { return ToStd(status.message()); }

// The gRPC name of a code, for example "INVALID_ARGUMENT".
std::string_view CodeName(absl::StatusCode code);

// When the caller may try again. Becomes Retry-After over HTTP and google.rpc.RetryInfo over gRPC.
absl::Status WithRetryAfter(absl::Status status, std::chrono::milliseconds delay);
std::optional<std::chrono::milliseconds> RetryAfter(const absl::Status& status);

// One rule that a request broke. Becomes google.rpc.BadRequest over gRPC.
struct FieldViolation {
  std::string field;        // path in the contract's names, for example "texts[2].language"
  std::string rule;         // the rule's name, for example "repeated.min_items"
  std::string description;  // the sentence for the caller
};
// INVALID_ARGUMENT whose message is the description and which carries the violation.
absl::Status ViolationError(const FieldViolation& violation);

}  // namespace starling

#define RETURN_IF_ERROR(expression)                                                                 \
  do {                                                                                              \
    if (absl::Status status_internal = (expression); !status_internal.ok()) return status_internal; \
  } while (false)
#define CO_RETURN_IF_ERROR(expression)                                                                 \
  do {                                                                                                 \
    if (absl::Status status_internal = (expression); !status_internal.ok()) co_return status_internal; \
  } while (false)

#define STARLING_CONCAT_INNER(a, b) a##b
#define STARLING_CONCAT(a, b) STARLING_CONCAT_INNER(a, b)
#define STARLING_ASSIGN_OR(result, target, expression, leave) \
  auto result = (expression);                                 \
  if (!result.ok()) leave std::move(result).status();         \
  target = *std::move(result)
#define ASSIGN_OR_RETURN(target, expression) \
  STARLING_ASSIGN_OR(STARLING_CONCAT(status_or_, __LINE__), target, expression, return)
#define CO_ASSIGN_OR_RETURN(target, expression) \
  STARLING_ASSIGN_OR(STARLING_CONCAT(status_or_, __LINE__), target, expression, co_return)

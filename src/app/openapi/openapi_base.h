// What is in every OpenAPI document of this program beside its contracts: the pages that are no contract, and components that
// generated operations refer to. Those are the schema Error; the headers RequestId and RetryAfter; the responses BadRequest,
// Unauthenticated, PermissionDenied, NotFound, TooLarge, UnsupportedMediaType, TooManyRequests, InternalError, Unavailable,
// DeadlineExceeded and Error; the security schemes BearerKey, ApiKey and Certificate.
#pragma once

#include <string>

namespace starling::app {

// For the public listeners: /livez and /readyz.
std::string PublicBase();
// For the admin listener: also /metrics.
std::string AdminBase();

}  // namespace starling::app

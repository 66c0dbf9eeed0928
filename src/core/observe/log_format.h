#pragma once

#include <string>
#include <string_view>

#include "core/observe/log.h"

namespace starling::observe {

// One line of JSON with its line feed: ts (RFC 3339, UTC, nanoseconds), level, service, message, then trace_id, span_id
// and request_id if there are any, then `fields`.
std::string JsonLine(const LogRecord& record, std::string_view service);

// One line for people, in UTC.
std::string HumanLine(const LogRecord& record, bool colours);

}  // namespace starling::observe

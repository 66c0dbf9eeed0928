// Points in time and durations as text: RFC 3339 and seconds with an `s`, as protobuf's JSON writes them
// (google/protobuf/timestamp.proto, duration.proto).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace starling::rpc::json {

struct Seconds {
  int64_t seconds = 0;
  int32_t nanos = 0;  // of the same sign in a duration; from 0 up in a timestamp
};

// From 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z; any offset on the way in. False if the text is none.
bool ParseTimestamp(std::string_view text, Seconds* time);
// Up to 315,576,000,000 seconds either way.
bool ParseDuration(std::string_view text, Seconds* duration);

// With 0, 3, 6 or 9 digits of fraction. False, and nothing appended, if the value is out of the range above.
bool AppendTimestamp(Seconds time, std::string* out);
bool AppendDuration(Seconds duration, std::string* out);

}  // namespace starling::rpc::json

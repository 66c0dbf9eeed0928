// Where one HTTP/1.1 response ends, and what it says of itself: all that a load generator has to know.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace starling::bench {

struct ResponseEnd {
  int status = 0;
  size_t size = 0;     // head and body
  bool close = false;  // the server ends the connection after it
};

// The response that `bytes` begin with; nullopt if it is not complete; size 0 if it is malformed, or of a length that is not
// given by Content-Length (RFC 9112, section 6.3; chunked answers are not what these loads ask for).
std::optional<ResponseEnd> FindEnd(std::string_view bytes);

}  // namespace starling::bench

// The head of an HTTP/1.1 response. Internal to core/http.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/http/exchange.h"

namespace starling::http {

// Appends status line, `headers`, Date and the empty line. Line breaks inside values become spaces, so that no value can forge
// a header. `framing` is what says how long the body is and whether the connection goes on: complete lines.
void AppendHead(int status, const Headers& headers, std::string_view framing, std::string* out);

// "OK" for 200; "" if unknown.
std::string_view ReasonPhrase(int status);

// Whether a response of this status has no body by definition: 1xx, 204, 304.
inline bool Bodyless(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace starling::http

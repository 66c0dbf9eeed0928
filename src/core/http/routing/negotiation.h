// What a client says that it takes (RFC 9110, section 12.5).
#pragma once

#include <optional>
#include <string_view>

namespace starling::http {

// Whether the value of an Accept header lets `type` ("application/json") through; without the header everything is taken. Parameters
// of media types other than q are ignored.
bool AcceptsType(std::optional<std::string_view> accept, std::string_view type);

// Whether the value of an Accept-Encoding header asks for `coding` ("gzip"), by name or by "*".
bool AcceptsCoding(std::string_view accept_encoding, std::string_view coding);

}  // namespace starling::http

#pragma once

#include <string>
#include <string_view>

namespace starling {

// Appends `text` as a JSON string with its quotes (RFC 8259, section 7). Bytes that are not UTF-8 become
// U+FFFD, so that the result is always valid JSON.
void AppendJsonString(std::string_view text, std::string* out);

std::string JsonQuote(std::string_view text);

}  // namespace starling

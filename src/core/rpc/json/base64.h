// Base64 (RFC 4648).
#pragma once

#include <string>
#include <string_view>

namespace starling::rpc::json {

// Takes the standard and the URL-safe alphabet, with or without padding. Bits behind the last byte are ignored. False if the text is
// no base64; `bytes` is replaced.
bool DecodeBase64(std::string_view text, std::string* bytes);
// The standard alphabet, with padding.
void AppendBase64(std::string_view bytes, std::string* out);

}  // namespace starling::rpc::json

// The inside of a JSON string (RFC 8259, section 7).
#pragma once

#include <string>
#include <string_view>

namespace starling::rpc::json {

// Appends `raw`, the characters between the quotes, with escapes replaced. Null, or what is wrong: an unknown escape, half of a
// surrogate pair; `*at` is its position in `raw` then. Everything else about `raw` was checked before.
const char* Unescape(std::string_view raw, std::string* out, size_t* at);

}  // namespace starling::rpc::json

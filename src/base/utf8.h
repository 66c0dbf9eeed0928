#pragma once

#include <string_view>

namespace starling {

// True if `text` is well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, surrogates or values past
// U+10FFFF.
bool IsValidUtf8(std::string_view text);

}  // namespace starling

#pragma once

namespace starling::models::oip {

// What the server calls itself in its metadata.
inline constexpr char kServerName[] = "starling";
inline constexpr char kServerVersion[] = "0.1.0";

}  // namespace starling::models::oip

#pragma once

namespace starling::app {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace starling::app

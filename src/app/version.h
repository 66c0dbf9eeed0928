// Which program this is: for `starling version`, the log and the operator's view.
#pragma once

#include <string_view>

namespace starling::app {

inline constexpr char kVersion[] = "0.1.0";

// From the build; written by write_build_info.cmake.
struct BuildInfo {
  std::string_view
      commit;  // "0d1c2b3a4f5e"; with "-dirty" when files differed from it; "unknown" outside a checkout
  std::string_view compiler;  // "GNU 12.2.0"
  std::string_view build;     // "RelWithDebInfo", and what sanitizers are in
};
BuildInfo ThisBuild();

}  // namespace starling::app

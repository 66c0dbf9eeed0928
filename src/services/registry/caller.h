// On whose behalf, and when, the registry's tables are read and changed.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/context/request_context.h"

namespace starling::registry {

struct Caller {
  std::string tenant;  // leads every key
  std::string user;    // the principal's name, or "anonymous"
  int64_t now_ms = 0;
};

inline Caller CallerOf(const RequestContext& context) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::string& name = context.principal().name;
  return {context.tenant(), name.empty() ? "anonymous" : name,
          std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
}

}  // namespace starling::registry

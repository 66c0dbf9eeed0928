#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "core/http/exchange.h"

namespace starling::http {

struct BodyLimit {
  size_t max_bytes;
  std::chrono::milliseconds timeout;  // for the whole body
};

// Which requests may send more than the limits of their listener let through: uploads. Asked only when a request passes those
// limits, so that others pay nothing for it. Thread-safe.
class BodyLimits {
 public:
  virtual ~BodyLimits() = default;
  // nullopt: the listener's limits hold.
  virtual std::optional<BodyLimit> For(const Request& request) const = 0;
};

}  // namespace starling::http

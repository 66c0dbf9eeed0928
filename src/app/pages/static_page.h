// A page that is the same for every caller.
#pragma once

#include <string>

#include "base/bytes.h"
#include "core/async/pool.h"
#include "core/http/exchange.h"

namespace starling::app {

struct StaticContent {
  std::string content_type;
  // At least one of them is there. Gzip alone is unpacked, on the pool, for a caller that doesn't take it.
  Bytes plain;
  Bytes gzip;
  http::Headers headers;  // besides
};

// With an ETag for each encoding (RFC 9110, section 8.8.3), and 304 for a caller that has it. Thread-safe.
class StaticPage final : public http::Handler {
 public:
  // `pool` outlives it.
  StaticPage(StaticContent content, async::Pool& pool);
  async::Task<void> Handle(http::Exchange& exchange) override;

 private:
  const StaticContent content_;
  async::Pool& pool_;
  const std::string tag_;  // of what is in it, without quotes
};

// Sends every caller to another path of this listener.
class RedirectPage final : public http::Handler {
 public:
  explicit RedirectPage(std::string path) : path_(std::move(path)) {}
  async::Task<void> Handle(http::Exchange& exchange) override;

 private:
  const std::string path_;
};

}  // namespace starling::app

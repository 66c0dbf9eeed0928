// Which handler answers a request: by verb and path.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/http/body_limits.h"
#include "core/http/compression.h"
#include "core/http/edge/edge_metrics.h"
#include "core/http/exchange.h"
#include "core/observe/registry.h"

namespace starling::http {

// What the router found out about a request.
struct RouteMatch {
  std::string request_id;
  std::vector<std::string> variables;  // of the template, in order, percent-decoded
};

class RouteHandler {
 public:
  virtual ~RouteHandler() = default;
  // As Handler::Handle. `match` lives until the task ends.
  virtual async::Task<void> Handle(Exchange& exchange, const RouteMatch& match) = 0;
  // If requests to it may pass the listener's limits.
  virtual std::optional<BodyLimit> body_limit() const { return std::nullopt; }
};

class ErrorCodec;

struct CorsOptions {
  std::vector<std::string> allowed_origins;  // "*": any; empty: no headers at all
};

// Everything that holds for every route: x-request-id, CORS, HEAD as GET, 404, 405 with Allow, OPTIONS, gzip, and
// http.server.request.duration. Filled before it serves, then thread-safe.
class Router final : public Handler, public BodyLimits {
 public:
  // `metrics` outlives it.
  Router(CorsOptions cors, observe::Registry& metrics, CompressionOptions compression = {});
  ~Router() override;

  // `path` as in rpc::HttpRule; "/x/{rest=**}" takes everything below. `owner` names the route in errors; `handler` outlives
  // the router. FAILED_PRECONDITION if the same verb and shape of path is taken, with both owners.
  absl::Status Add(std::string_view verb, std::string_view path, std::string owner, RouteHandler& handler);
  // A handler that needs nothing of the match; kept by the router.
  absl::Status AddPage(std::string_view path, std::string owner, Handler& handler);

  // How 404 and 405 look below `prefix` ("/v2"); `codec` outlives the router.
  void AddErrors(std::string prefix, const ErrorCodec& codec);

  std::optional<BodyLimit> For(const Request& request) const override;

  struct Listed {
    std::string verb, path, owner;
  };
  std::vector<Listed> List() const;

  async::Task<void> Handle(Exchange& exchange) override;

 private:
  struct Route;
  struct Path;
  const Path* Find(std::string_view path, std::vector<std::string>* variables, bool* malformed) const;

  async::Task<void> Refuse(Exchange& exchange, const absl::Status& status, int http_status, Headers headers,
                           const RouteMatch& match) const;

  const CorsOptions cors_;
  const CompressionOptions compression_;
  const EdgeMetrics edge_;
  observe::HistogramFamily& durations_;
  std::map<std::string, std::unique_ptr<Path>, std::less<>> literals_;  // paths without variables
  std::vector<std::unique_ptr<Path>> templates_;                        // the others, most literal first
  std::vector<std::unique_ptr<RouteHandler>> pages_;
  std::vector<std::pair<std::string, const ErrorCodec*>> codecs_;
};

}  // namespace starling::http

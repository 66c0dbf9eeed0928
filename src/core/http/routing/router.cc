#include "core/http/routing/router.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_join.h"
#include "base/status.h"
#include "core/http/edge/caller.h"
#include "core/http/routing/adapter.h"
#include "core/http/routing/answering_exchange.h"
#include "core/http/routing/respond_error.h"

namespace starling::http {
namespace {

// The pieces between slashes of a path that starts with one.
std::vector<std::string_view> Segments(std::string_view path) {
  std::vector<std::string_view> segments;
  path.remove_prefix(1);
  while (true) {
    const size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool IsVariable(std::string_view segment) { return segment.size() > 2 && segment.front() == '{'; }
bool IsRest(std::string_view segment) { return IsVariable(segment) && segment.ends_with("=**}"); }

// Two templates with the same shape match the same paths.
std::string ShapeOf(std::string_view path) {
  std::string shape;
  for (const std::string_view segment : Segments(path)) {
    StrAppend(&shape, "/", IsRest(segment) ? "**" : IsVariable(segment) ? "*" : segment);
  }
  return shape;
}

class PageRoute final : public RouteHandler {
 public:
  explicit PageRoute(Handler& handler) : handler_(handler) {}
  async::Task<void> Handle(Exchange& exchange, const RouteMatch&) override {
    return handler_.Handle(exchange);
  }

 private:
  Handler& handler_;
};

}  // namespace

struct Router::Route {
  std::string verb, owner;
  RouteHandler* handler;
  observe::Histogram ok_duration, busy_duration;  // 200 and 503: what there may be very many of
};

struct Router::Path {
  std::string path, shape;
  std::vector<std::string> segments;
  std::vector<Route> routes;

  const Route* Find(std::string_view verb) const {
    for (const Route& route : routes) {
      if (route.verb == verb) return &route;
    }
    return nullptr;
  }
  std::string Allow() const {
    std::vector<std::string> verbs;
    for (const Route& route : routes) verbs.push_back(route.verb);
    if (Find("GET") != nullptr) verbs.push_back("HEAD");
    verbs.push_back("OPTIONS");
    return absl::StrJoin(verbs, ", ");
  }
};

Router::Router(CorsOptions cors, observe::Registry& metrics, CompressionOptions compression)
    : cors_(std::move(cors)),
      compression_(compression),
      edge_(metrics),
      durations_(
          metrics.Histograms({.name = "http.server.request.duration",
                              .unit = "s",
                              .help = "From a request's headers to the end of its answer.",
                              .labels = {"http.request.method", "http.route", "http.response.status_code"},
                              .buckets = observe::kDurationBuckets})) {}

Router::~Router() = default;

absl::Status Router::Add(std::string_view verb, std::string_view path, std::string owner,
                         RouteHandler& handler) {
  if (path.empty() || path.front() != '/')
    return FailedPrecondition("Route '", path, "' must start with '/'.");
  const std::string shape = ShapeOf(path);
  const bool literal = shape == path;
  Path* known = nullptr;
  if (literal) {
    auto& entry = literals_[std::string(path)];
    if (entry == nullptr) entry = std::make_unique<Path>();
    known = entry.get();
  } else {
    for (const auto& candidate : templates_) {
      if (candidate->shape == shape) known = candidate.get();
    }
    if (known == nullptr) known = templates_.emplace_back(std::make_unique<Path>()).get();
  }
  if (const Route* taken = known->Find(verb)) {
    return FailedPrecondition("Both ", taken->owner, " and ", owner, " claim ", verb, " ", path, ".");
  }
  if (known->path.empty()) {
    known->path = path;
    known->shape = shape;
    for (const std::string_view segment : Segments(path)) known->segments.emplace_back(segment);
  }
  known->routes.push_back({std::string(verb), std::move(owner), &handler,
                           durations_.With({verb, path, "200"}), durations_.With({verb, path, "503"})});
  // '*' sorts before letters: of two templates, the one with the later wildcard is more literal.
  std::sort(templates_.begin(), templates_.end(),
            [](const auto& a, const auto& b) { return a->shape > b->shape; });
  return absl::OkStatus();
}

absl::Status Router::AddPage(std::string_view path, std::string owner, Handler& handler) {
  pages_.push_back(std::make_unique<PageRoute>(handler));
  return Add("GET", path, std::move(owner), *pages_.back());
}

std::vector<Router::Listed> Router::List() const {
  std::vector<Listed> all;
  const auto add = [&all](const Path& path) {
    for (const Route& route : path.routes) all.push_back({route.verb, path.path, route.owner});
  };
  for (const auto& [name, path] : literals_) add(*path);
  for (const auto& path : templates_) add(*path);
  std::sort(all.begin(), all.end(), [](const Listed& a, const Listed& b) { return a.path < b.path; });
  return all;
}

const Router::Path* Router::Find(std::string_view path, std::vector<std::string>* variables,
                                 bool* malformed) const {
  if (path.empty() || path.front() != '/') return nullptr;
  const auto literal = literals_.find(path);
  if (literal != literals_.end()) return literal->second.get();
  if (templates_.empty()) return nullptr;
  const std::vector<std::string_view> segments = Segments(path);
  for (const auto& candidate : templates_) {
    variables->clear();
    bool matches = true;
    size_t i = 0;
    for (; matches && i < candidate->segments.size(); ++i) {
      const std::string& expected = candidate->segments[i];
      if (i >= segments.size()) {
        matches = false;
      } else if (IsVariable(expected)) {
        const std::string_view raw = IsRest(expected)
                                         ? path.substr(static_cast<size_t>(segments[i].data() - path.data()))
                                         : segments[i];
        auto value = PercentDecode(raw, false);
        if (!value.has_value()) *malformed = true;
        matches = value.has_value() && !raw.empty();
        if (matches) variables->push_back(*std::move(value));
        if (IsRest(expected)) i = segments.size() - 1;
      } else {
        matches = segments[i] == expected;
      }
    }
    if (matches && i == segments.size()) return candidate.get();
  }
  return nullptr;
}

void Router::AddErrors(std::string prefix, const ErrorCodec& codec) {
  codecs_.emplace_back(std::move(prefix), &codec);
}

std::optional<BodyLimit> Router::For(const Request& request) const {
  std::vector<std::string> variables;
  bool malformed = false;
  const Path* path = Find(request.path, &variables, &malformed);
  const Route* route = path != nullptr ? path->Find(request.method) : nullptr;
  return route != nullptr ? route->handler->body_limit() : std::nullopt;
}

async::Task<void> Router::Refuse(Exchange& exchange, const absl::Status& status, int http_status,
                                 Headers headers, const RouteMatch& match) const {
  const std::string_view path = exchange.request().path;
  for (const auto& [prefix, codec] : codecs_) {
    if (!path.starts_with(prefix) || (path.size() > prefix.size() && path[prefix.size()] != '/')) continue;
    ErrorResponse error = codec->Encode(status, http_status, match.request_id);
    for (const auto& [name, value] : headers) error.headers.Add(name, value);
    (void)co_await exchange.Respond(error.status, std::move(error.headers), Bytes(std::move(error.body)));
    co_return;
  }
  co_await RespondError(exchange, status, match.request_id, http_status, std::move(headers));
}

async::Task<void> Router::Handle(Exchange& exchange) {
  const auto start = std::chrono::steady_clock::now();
  const Request& request = exchange.request();
  RouteMatch match{RequestIdOf(request), {}};
  Headers added;
  added.Add("x-request-id", match.request_id);
  const auto origin = request.headers.Get("origin");
  const bool cross_origin_allowed =
      origin.has_value() &&
      std::any_of(cors_.allowed_origins.begin(), cors_.allowed_origins.end(),
                  [&](const std::string& allowed) { return allowed == "*" || allowed == *origin; });
  if (cross_origin_allowed) {
    added.Add("access-control-allow-origin", std::string(*origin));
    added.Add("access-control-expose-headers", "x-request-id, retry-after");
  }
  if (!cors_.allowed_origins.empty()) added.Add("vary", "origin");
  AnsweringExchange answering(exchange, std::move(added), compression_);

  bool malformed = false;
  const Path* path = Find(request.path, &match.variables, &malformed);
  const std::string_view verb = request.method == "HEAD" ? "GET" : std::string_view(request.method);
  const Route* route = path != nullptr ? path->Find(verb) : nullptr;
  if (route != nullptr) {
    co_await route->handler->Handle(answering, match);
  } else if (path == nullptr) {
    const absl::Status status =
        malformed ? InvalidArgument("The path holds a malformed %-escape.")
                  : NotFound("There is nothing at this path; GET /openapi.json lists what there is.");
    co_await Refuse(answering, status, malformed ? 0 : 404, {}, match);
  } else if (request.method == "OPTIONS") {
    Headers headers;
    headers.Add("allow", path->Allow());
    if (cross_origin_allowed) {
      headers.Add("access-control-allow-methods", path->Allow());
      headers.Add("access-control-allow-headers",
                  "content-type, authorization, x-api-key, x-request-id, x-request-timeout-ms, traceparent, "
                  "tracestate");
      headers.Add("access-control-max-age", "600");
    }
    (void)co_await answering.Respond(204, std::move(headers), Bytes(), {});
  } else {
    Headers headers;
    headers.Add("allow", path->Allow());
    const absl::Status status = Unimplemented("This path takes ", path->Allow(), ".");
    co_await Refuse(answering, status, 405, std::move(headers), match);
  }

  edge_.CountAnswer(answering.status());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (route != nullptr && answering.status() == 200) {
    route->ok_duration.Observe(took.count());
  } else if (route != nullptr && answering.status() == 503) {
    route->busy_duration.Observe(took.count());
  } else {
    // A verb that is none of ours must not make a series of its own.
    durations_
        .With({route != nullptr ? verb : "_OTHER", path != nullptr ? std::string_view(path->path) : "",
               StrCat(answering.status())})
        .Observe(took.count());
  }
}

}  // namespace starling::http

// What travels with a request through every service and placement.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/context/cancel.h"
#include "core/context/trace_context.h"

namespace starling {

using MonotonicTime = std::chrono::steady_clock::time_point;
inline constexpr MonotonicTime kNoDeadline = MonotonicTime::max();

// Who calls. Comes from the edge alone (key, token, certificate, peer of a Unix socket), never from metadata that a
// caller can write.
struct Principal {
  enum class Kind {
    kAnonymous,
    kApiKey,
    kCertificate,
    kService,
    kOperator,  // whoever reaches the admin listener of this machine
  };
  Kind kind = Kind::kAnonymous;
  std::string name;                 // empty for anonymous
  std::vector<std::string> scopes;  // what the configuration grants, for example "admin"
  bool HasScope(std::string_view scope) const;
};

// Set once where the request enters, shared by every hop.
struct RequestOrigin {
  std::string request_id;
  std::string tenant = "default";
  Principal principal;
  std::string tracestate;  // W3C tracestate, passed on unread
};

// A small immutable value; copying takes two reference counts. Thread-safe.
class RequestContext {
 public:
  // No deadline, never cancelled, anonymous: for tests and for work that no request started.
  RequestContext();
  RequestContext(std::shared_ptr<const RequestOrigin> origin, MonotonicTime deadline, CancelToken cancel,
                 TraceContext trace)
      : origin_(std::move(origin)), cancel_(std::move(cancel)), deadline_(deadline), trace_(trace) {}

  const std::string& request_id() const { return origin_->request_id; }
  const std::string& tenant() const { return origin_->tenant; }
  const Principal& principal() const { return origin_->principal; }
  const std::shared_ptr<const RequestOrigin>& origin() const { return origin_; }
  const CancelToken& cancel() const { return cancel_; }
  MonotonicTime deadline() const { return deadline_; }
  bool has_deadline() const { return deadline_ != kNoDeadline; }
  const TraceContext& trace() const { return trace_; }

  // OK while work may go on: not cancelled and before the deadline. Reads the clock only if there is a deadline.
  absl::Status Check() const;

  // A deadline only ever shrinks.
  RequestContext WithDeadline(MonotonicTime deadline) const;
  RequestContext WithCancel(CancelToken cancel) const;
  RequestContext WithTrace(const TraceContext& trace) const;
  RequestContext WithOrigin(std::shared_ptr<const RequestOrigin> origin) const;

 private:
  std::shared_ptr<const RequestOrigin> origin_;
  CancelToken cancel_;
  MonotonicTime deadline_ = kNoDeadline;
  TraceContext trace_;
};

}  // namespace starling

// A wire format that a contract cannot express (Open Inference tensors, MLflow's REST, OpenAI's messages): routes, an error
// codec and limits of its own, at the edge of the service that owns it.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/async/task.h"
#include "core/context/request_context.h"
#include "core/http/exchange.h"
#include "core/http/routing/error_body.h"
#include "core/http/routing/router.h"
#include "core/rpc/method.h"

namespace starling::http {

// What decides, for one adapter, how its errors look.
class ErrorCodec {
 public:
  virtual ~ErrorCodec() = default;
  // `http_status` is 0, or what HTTP says more exactly than the code: 404 for no such route, 405, 408, 413. A message of a status
  // that becomes 500 is for the log alone. Thread-safe.
  virtual ErrorResponse Encode(const absl::Status& status, int http_status,
                               std::string_view request_id) const = 0;
};

// What /openapi.json says of a route, beside what AdapterRoute has.
struct RouteDescription {
  // "Runs a model". Empty: the route takes and answers what the method `admitted_as` does, in JSON, and is described by its contract:
  // GET with all fields of the request in the query, other verbs with all of them in the body.
  std::string_view summary;
  std::vector<std::string_view> query = {};  // names of parameters
  std::vector<std::string_view> body = {};   // content types that it takes; none: no body
  std::vector<std::string_view> answer = {
      "application/json"};  // content types that it answers with; none: no body
  // OpenAPI's Media Type Objects ({"schema": ..., "example": ...}) of the JSON among them; empty: some object.
  std::string_view body_json = {};
  std::string_view answer_json = {};
};

struct AdapterRoute {
  std::string verb;   // "GET"; HEAD comes with it
  std::string path;   // as rpc::HttpRule::path: "/v2/models/{name}/infer", "/files/{path=**}"
  int operation = 0;  // the adapter's own number for what is done here
  rpc::Access access = rpc::Access::kNobody;  // none stated: nobody from outside
  std::string scope;                          // for Access::kScope
  // Uploads, downloads and streams: no limit on calls under way learns from how long they take.
  bool long_lived = false;
  // The contract's method that this route is another way to call: both then count as one where calls under way are limited. Null:
  // the route counts alone.
  const rpc::Method* admitted_as = nullptr;
  RouteDescription description = {};
};

struct AdapterLimits {
  size_t max_body_bytes;              // more is 413
  std::chrono::milliseconds timeout;  // of the whole request, its body included
};

// One request at an adapter's route, whose caller may call it. Lives on its connection's loop until Handle() ends.
class AdapterCall {
 public:
  virtual ~AdapterCall() = default;

  virtual const AdapterRoute& route() const = 0;
  virtual const Request& request() const = 0;
  // Of the path's template, in order, percent-decoded: whatever they are used for must look at "..", "/" and NUL itself.
  virtual const std::vector<std::string>& variables() const = 0;
  // Deadline, cancellation, principal, trace: for the calls that this request makes.
  virtual const RequestContext& context() const = 0;
  // The query's parameters; INVALID_ARGUMENT for a malformed escape.
  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> Query() const;

  // The next piece of the body (never empty), nullopt at its end, or why there is no more of it. An error is to be returned from
  // Handle() as it is: it becomes 408 or 413 where it is one.
  virtual async::Task<absl::StatusOr<std::optional<Bytes>>> Read() = 0;
  // The whole body. Then the call is counted as under way; UNAVAILABLE if there are too many.
  virtual async::Task<absl::StatusOr<Bytes>> ReadAll() = 0;

  // As in Exchange.
  virtual async::Task<absl::Status> Respond(int status, Headers headers, Bytes body) = 0;
  virtual async::Task<absl::Status> Start(int status, Headers headers) = 0;
  virtual async::Task<absl::Status> Write(Bytes chunk) = 0;
  virtual async::Task<absl::Status> Finish() = 0;
};

// Thread-safe: called on every loop.
class Adapter {
 public:
  virtual ~Adapter() = default;
  virtual const ErrorCodec& errors() const = 0;
  // `defaults` are the server's. Asked once per route, at start.
  virtual AdapterLimits Limits(const AdapterRoute& route, const AdapterLimits& defaults) const {
    (void)route;
    return defaults;
  }
  // OK after having answered. Another status is answered by the error codec, or, if an answer has begun, breaks it off.
  virtual async::Task<absl::Status> Handle(AdapterCall& call) = 0;
};

}  // namespace starling::http

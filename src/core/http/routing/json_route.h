// JSON over HTTP for one binding of a contract's method: decode, authorise, call, encode.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "base/strings.h"
#include "core/http/edge/authenticator.h"
#include "core/http/routing/router.h"
#include "core/observe/tracer.h"
#include "core/rpc/admission.h"
#include "core/rpc/endpoint.h"
#include "core/rpc/method.h"

namespace starling::http {

struct JsonOptions {
  size_t max_body_bytes = 8 * 1024 * 1024;  // more is 413
  rpc::JsonLimits json;
  // Longest deadline of a unary call. A caller may ask for less with the header x-request-timeout-ms.
  std::chrono::milliseconds request_timeout{60000};
  // A stream that says nothing for so long gets a comment, so that proxies keep it open.
  std::chrono::milliseconds heartbeat{15000};
  rpc::Admission* admission = nullptr;  // null: every call may begin
  Authenticator* authenticator =
      nullptr;  // null: the peer of a Unix socket is a service, everyone else anonymous
  const observe::Tracer* tracer = nullptr;  // null: no spans
};

// A unary method answers with one JSON document. A server stream answers with server-sent events (HTML standard, section
// 9.2): `data: {...}` for each message and, if it ends badly, `event: error` with the product's error body. Methods whose
// requests are streams have no binding. Thread-safe.
class JsonRoute final : public RouteHandler {
 public:
  // Everything outlives it.
  JsonRoute(const JsonOptions& options, const rpc::Method& method, const rpc::HttpRule& rule,
            rpc::Endpoint& endpoint);

  async::Task<void> Handle(Exchange& exchange, const RouteMatch& match) override;

 private:
  class Call;
  const JsonOptions& options_;
  const rpc::Method& method_;
  const rpc::HttpRule& rule_;
  rpc::Endpoint& endpoint_;
  rpc::MethodAdmission* const admission_;
  const std::string span_name_;
  // The answer to calls that admission_ refuses.
  struct Busy {
    int status = 0;
    Headers headers;
    Bytes body;
  };
  Busy busy_;
};

}  // namespace starling::http

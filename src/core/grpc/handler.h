// gRPC's server side (PROTOCOL-HTTP2.md): HTTP/2 requests become calls of rpc::Endpoints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/http/edge/authenticator.h"
#include "core/http/exchange.h"
#include "core/rpc/endpoint.h"
#include "core/rpc/method.h"

namespace starling::async {
class Pool;
}

namespace starling::observe {
class Tracer;
}
namespace starling::rpc {
class Admission;
class MethodAdmission;
}  // namespace starling::rpc

namespace starling::grpc {

struct HandlerOptions {
  size_t max_request_bytes = 4 * 1024 * 1024;  // one message, unpacked
  size_t max_response_bytes = 64 * 1024 * 1024;
  // Responses from this size on are sent as gzip to clients that accept it. Default: never.
  size_t compress_over_bytes = SIZE_MAX;
  // Where large messages are packed and unpacked. Null: on the loop.
  async::Pool* pool = nullptr;
  rpc::Admission* admission = nullptr;  // null: every call may begin
  // Null: the peer of a Unix socket is a service, everyone else anonymous.
  http::Authenticator* authenticator = nullptr;
  const observe::Tracer* tracer = nullptr;  // null: no spans
  // INTERNAL, UNKNOWN and DATA_LOSS reach callers from outside with a request id in place of the message.
  bool hide_internal_errors = true;
};

// One contract and who answers for it.
struct Served {
  const rpc::Contract* contract;
  rpc::Endpoint* endpoint;
};

// Thread-safe. Contracts, endpoints and what the options point at outlive it.
class Handler final : public http::Handler {
 public:
  Handler(HandlerOptions options, const std::vector<Served>& served);

  // Answers any request: 415 if it is not gRPC over HTTP/2, UNIMPLEMENTED for an unknown method.
  async::Task<void> Handle(http::Exchange& exchange) override;

  // Whether a request is for this handler at all: its content-type is application/grpc or application/grpc+proto.
  static bool IsGrpc(const http::Request& request);

  struct Route {
    const rpc::Method* method;
    rpc::Endpoint* endpoint;
    rpc::MethodAdmission* admission;  // may be null
  };

 private:
  const HandlerOptions options_;
  std::unordered_map<std::string_view, Route> routes_;
};

}  // namespace starling::grpc

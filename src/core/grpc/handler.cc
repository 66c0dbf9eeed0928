#include "core/grpc/handler.h"

#include <utility>

#include "base/status.h"
#include "core/grpc/server_call.h"
#include "core/grpc/status_codec.h"
#include "core/rpc/admission.h"

namespace starling::grpc {
namespace {

constexpr std::string_view kContentType = "application/grpc";

http::Headers With(std::string name, std::string value) {
  http::Headers headers;
  headers.Add(std::move(name), std::move(value));
  return headers;
}

}  // namespace

Handler::Handler(HandlerOptions options, const std::vector<Served>& served) : options_(options) {
  for (const Served& one : served) {
    for (const rpc::Method& method : one.contract->methods) {
      rpc::MethodAdmission* const admission =
          options_.admission != nullptr ? options_.admission->For(method) : nullptr;
      routes_[method.path] = Route{&method, one.endpoint, admission};
    }
  }
}

bool Handler::IsGrpc(const http::Request& request) {
  const auto type = request.headers.Get("content-type");
  if (!type.has_value() || type->substr(0, kContentType.size()) != kContentType) return false;
  std::string_view rest = type->substr(kContentType.size());
  if (rest.substr(0, 6) == "+proto") rest.remove_prefix(6);
  return rest.empty() || rest[0] == ';' || rest[0] == ' ';
}

async::Task<void> Handler::Handle(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  if (!IsGrpc(request) || request.version != http::Version::kHttp2) {
    (void)co_await exchange.Respond(415, http::Headers(), Bytes());
    co_return;
  }
  if (request.method != "POST") {
    (void)co_await exchange.Respond(405, With("allow", "POST"), Bytes());
    co_return;
  }
  const auto route = routes_.find(request.path);
  if (route == routes_.end()) {
    http::Headers headers = With("content-type", std::string(kContentType));
    AddStatus(Unimplemented("There is no method ", request.path, "."), &headers);
    (void)co_await exchange.Respond(200, std::move(headers), Bytes());
    co_return;
  }
  ServerCall call(exchange, options_, route->second);
  co_await call.Run();
}

}  // namespace starling::grpc

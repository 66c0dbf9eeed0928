#include "app/front_door.h"

#include <utility>

#include "core/grpc/handler.h"

namespace starling::app {
namespace {

bool IsHealthPage(const http::Request& request) {
  return request.path == "/livez" || request.path == "/readyz";
}

async::Task<void> SayStarting(http::Exchange& exchange) {
  http::Headers headers;
  headers.Add("content-type", "application/json");
  headers.Add("retry-after", "1");
  (void)co_await exchange.Respond(
      503, std::move(headers),
      Bytes::Static("{\"error\": \"Service unavailable\", \"details\": \"The program is starting.\"}"));
}

}  // namespace

// No coroutine of its own: every request comes by.
async::Task<void> FrontDoor::Handle(http::Exchange& exchange) {
  if (IsHealthPage(exchange.request())) return early_.Handle(exchange);
  const Routes* routes = routes_.load(std::memory_order_acquire);
  if (routes == nullptr) return SayStarting(exchange);
  http::Handler& handler = grpc::Handler::IsGrpc(exchange.request()) ? *routes->grpc : *routes->http;
  return handler.Handle(exchange);
}

std::optional<http::BodyLimit> FrontDoor::For(const http::Request& request) const {
  const Routes* routes = routes_.load(std::memory_order_acquire);
  return routes != nullptr && routes->bodies != nullptr ? routes->bodies->For(request) : std::nullopt;
}

}  // namespace starling::app

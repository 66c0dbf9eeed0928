// A contract and a service for tests of transports, without generated code.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "base/status.h"
#include "core/async/sleep.h"
#include "core/rpc/endpoint.h"

namespace starling::grpc::testing {

inline constexpr rpc::Method kEchoMethods[] = {
    {"/test.Echo/Unary",
     "test.Echo",
     "Unary",
     rpc::CallShape::kUnary,
     true,
     rpc::Access::kPublic,
     "",
     nullptr,
     nullptr,
     {}},
    {"/test.Echo/Server",
     "test.Echo",
     "Server",
     rpc::CallShape::kServerStream,
     true,
     rpc::Access::kPublic,
     "",
     nullptr,
     nullptr,
     {}},
    {"/test.Echo/Client",
     "test.Echo",
     "Client",
     rpc::CallShape::kClientStream,
     true,
     rpc::Access::kPublic,
     "",
     nullptr,
     nullptr,
     {}},
    {"/test.Echo/Bidi",
     "test.Echo",
     "Bidi",
     rpc::CallShape::kBidi,
     true,
     rpc::Access::kPublic,
     "",
     nullptr,
     nullptr,
     {}},
    {"/test.Echo/Closed",
     "test.Echo",
     "Closed",
     rpc::CallShape::kUnary,
     true,
     rpc::Access::kAuthenticated,
     "",
     nullptr,
     nullptr,
     {}},
};
inline constexpr const rpc::Method& kUnary = kEchoMethods[0];
inline constexpr const rpc::Method& kServer = kEchoMethods[1];
inline constexpr const rpc::Method& kClient = kEchoMethods[2];
inline constexpr const rpc::Method& kBidi = kEchoMethods[3];
inline constexpr const rpc::Method& kClosed = kEchoMethods[4];
inline constexpr rpc::Contract kEchoContract{"test.Echo", kEchoMethods, "", ""};
inline constexpr rpc::Method kMissing{"/test.Echo/Missing",
                                      "test.Echo",
                                      "Missing",
                                      rpc::CallShape::kUnary,
                                      true,
                                      rpc::Access::kPublic,
                                      "",
                                      nullptr,
                                      nullptr,
                                      {}};

inline rpc::Payload Text(std::string text) { return rpc::Payload::Encoded(Bytes(std::move(text))); }
inline std::string TextOf(const rpc::Payload& payload) { return std::string(payload.bytes().view()); }

// Unary: the request, unless `unary` says otherwise. Server: the request `items` times with a number. Client: all
// requests joined by '+'. Bidi: each request; "stop" ends the call well before the requests end.
class EchoService final : public rpc::Endpoint {
 public:
  using UnaryFunction =
      std::function<async::Task<absl::StatusOr<rpc::Payload>>(RequestContext, rpc::Payload)>;
  UnaryFunction unary;
  int items = 3;
  int calls = 0;
  RequestContext last_context;
  int open_streams = 0;

  async::Task<absl::StatusOr<rpc::Payload>> Unary(RequestContext context, const rpc::Method&,
                                                  rpc::Payload request) override {
    ++calls;
    last_context = context;
    if (unary) co_return co_await unary(std::move(context), std::move(request));
    co_return request;
  }

  async::Stream<rpc::Payload> Open(RequestContext context, const rpc::Method& method,
                                   async::Stream<rpc::Payload> requests) override {
    ++calls;
    last_context = context;
    struct Count {
      int& open;
      explicit Count(int& o) : open(o) { ++open; }
      ~Count() { --open; }
    } count(open_streams);
    std::string joined;
    while (true) {
      auto item = co_await requests.Next();
      if (!item.ok()) co_return item.status();
      if (!item->has_value()) break;
      const std::string text = TextOf(**item);
      if (method.shape == rpc::CallShape::kServerStream) {
        for (int i = 0; i < items; ++i) co_yield Text(text + std::to_string(i));
        co_return absl::OkStatus();
      }
      if (method.shape == rpc::CallShape::kClientStream) {
        joined += (joined.empty() ? "" : "+") + text;
      } else if (text == "stop") {
        co_return absl::OkStatus();
      } else {
        co_yield Text(text);
      }
    }
    if (method.shape == rpc::CallShape::kClientStream) co_yield Text(joined);
    co_return absl::OkStatus();
  }
};

}  // namespace starling::grpc::testing

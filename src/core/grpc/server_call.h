// One call on the server's side. Internal to core/grpc.
#pragma once

#include <memory>
#include <optional>

#include "core/async/loop.h"
#include "core/async/spawn.h"
#include "core/async/stream.h"
#include "core/grpc/handler.h"
#include "core/grpc/message_reader.h"
#include "core/observe/tracer.h"

namespace starling::grpc {

// Lives in the handler's coroutine, on the connection's loop.
class ServerCall {
 public:
  ServerCall(http::Exchange& exchange, const HandlerOptions& options, const Handler::Route& route);
  ~ServerCall();
  ServerCall(const ServerCall&) = delete;

  // From the headers to the trailers. Whatever goes wrong is answered.
  async::Task<void> Run();

 private:
  // The request side of a call: whoever reads it may outlive the call, and then finds it closed.
  struct Source;

  absl::StatusOr<RequestContext> Begin();
  async::Task<void> Unary(RequestContext context);
  async::Task<void> Streaming(RequestContext context);
  static async::Stream<rpc::Payload> Requests(std::shared_ptr<Source> source);

  absl::StatusOr<Bytes> Encoded(const rpc::Payload& response) const;
  bool Compresses(const Bytes& frame) const {
    return accepts_gzip_ && frame.size() >= options_.compress_over_bytes;
  }
  http::Headers ResponseHeaders() const;
  // Ends the call unless it has ended.
  async::Task<void> End(absl::Status status);
  void OnDeadline();
  absl::Status ForCaller(absl::Status status) const;

  http::Exchange& exchange_;
  const HandlerOptions& options_;
  const rpc::Method& method_;
  rpc::Endpoint& endpoint_;
  rpc::MethodAdmission* const admission_;
  std::shared_ptr<Source> source_;
  std::optional<CancelSource> cancel_;  // only with a deadline
  async::Timer deadline_;
  async::TaskGroup late_;  // the answer to a call that is past its deadline while its handler still runs
  std::string request_id_;
  observe::Span span_;
  bool caller_is_service_ = false;
  bool accepts_gzip_ = false;
  bool writing_ = false;
  bool ended_ = false;
};

}  // namespace starling::grpc

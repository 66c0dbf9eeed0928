// One call on the client's side. Internal to core/grpc.
#pragma once

#include <memory>
#include <string>

#include "core/async/loop.h"
#include "core/grpc/channel.h"
#include "core/http/h2/h2_client.h"

namespace starling::grpc {

// Ends a stream with its context: at the deadline or when it is cancelled. Loop thread only.
class ContextWatch {
 public:
  ContextWatch(async::Loop& loop, const RequestContext& context,
               const std::shared_ptr<http::H2ClientStream>& stream);

 private:
  async::Timer deadline_;
  CancelRegistration cancel_;
};

// The request line. What it refers to is of the arguments.
http::H2ClientSession::Target TargetOf(const ChannelOptions& options, const rpc::Method& method);

http::Headers RequestHeaders(const ChannelOptions& options, const RequestContext& context,
                             const rpc::Method& method, bool trusted);

// OK, or how a call ended whose stream has ended or failed. `waited` is what waiting for it gave.
absl::Status CallStatus(const http::H2ClientStream& stream, const absl::Status& waited,
                        const RequestContext& context);

// Whether the response's messages may be gzip; an error for other encodings.
absl::StatusOr<bool> ResponseIsGzip(const http::Headers& headers);

}  // namespace starling::grpc
